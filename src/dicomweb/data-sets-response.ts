import { gunzip } from 'node:zlib';
import {
  GzipWriter,
  inflateTexts,
  storedText,
  type DeflatedText,
} from '#engine/base/deflated-text.js';
import { GantryError } from '#engine/base/error-catalogue.js';
import { nativeDicomModel } from '#engine/dicom/xml-model/native-dicom-model.js';
import { MultipartRelatedWriter } from '#engine/multipart/multipart-related-writer.js';
import type { HttpHeaders, ResponseSource } from '#engine/transport/http-transport.js';
import { coversType, type AcceptedMedia } from '#src/http/accept.js';
import { respondEncoded } from '#src/http/encoded-response.js';
import type { RequestContext } from '#src/http/request-context.js';
import { acceptedOf } from './dicomweb-service.js';
import type { Dialect } from './dialect.js';
import type { KeptDocument } from './wado/kept-documents.js';

/** The two forms of a data set without bulk values, PS3.18 §8.7.3.5. */
export type DataSetForm = 'json' | 'xml';

const jsonType = 'application/dicom+json';
const xmlType = 'application/dicom+xml';

/** Chunks of this size are put together sooner than the fresh memory for one large one is there. */
const inflatedChunkBytes = 64 * 1024;

/** Text of a multipart is sent in pieces of about this length. */
const pieceLength = 32 * 1024;

/** The form the client likes best; `not-acceptable` when it takes neither. */
export function dataSetFormOf(dialect: Dialect, context: RequestContext): DataSetForm {
  const form = findDataSetForm(acceptedOf(context), dialect);
  if (form !== undefined) return form;
  const supported = dialect.hasXml ? `${jsonType} and ${xmlType}` : jsonType;
  throw new GantryError('not-acceptable', `the resource is served as ${supported}`);
}

/** Ranges are answered in JSON; `application/json` is what some clients call it. */
export function findDataSetForm(
  accepted: readonly AcceptedMedia[],
  dialect: Dialect,
): DataSetForm | undefined {
  for (const media of accepted) {
    const isAnyMultipart = media.isMultipart === true && media.type === '*/*';
    if (isAnyMultipart && dialect.hasXml) return 'xml';
    if (media.isMultipart !== true && coversType(media, jsonType)) return 'json';
    if (media.type === 'application/json') return 'json';
    if (dialect.hasXml && coversType(media, xmlType)) return 'xml';
  }
  return undefined;
}

/** One data set as a whole body, for a Store response. */
export function dataSetBody(
  form: DataSetForm,
  dataSet: object,
): { readonly contentType: string; readonly body: string } {
  const json = JSON.stringify(dataSet);
  if (form === 'json') return { contentType: jsonType, body: json };
  return { contentType: xmlType, body: [...nativeDicomModel(Buffer.from(json))].join('') };
}

export interface DataSetsResponse {
  readonly form: DataSetForm;
  /** Text that the boundary of a multipart derives from. */
  readonly boundaryKey: string;
  readonly headers: HttpHeaders;
}

/**
 * Answers 200 with data sets: a JSON array, or a multipart of XML documents. Each page holds JSON objects as UTF-8, as
 * `nativeDicomModel` wants them; it is asked for when what came before has been taken.
 */
export function respondDataSets(
  context: RequestContext,
  { form, boundaryKey, headers }: DataSetsResponse,
  pages: Iterator<readonly Uint8Array[]>,
): void {
  const close = (): void => void pages.return?.();
  if (form === 'json') {
    const source = iteratorSource(jsonPieces(pages), close);
    respondEncoded(context, [['content-type', jsonType], ...headers], source);
    return;
  }
  const writer = new MultipartRelatedWriter(boundaryKey, xmlType);
  const source = iteratorSource(xmlPieces(pages, writer), close);
  respondEncoded(context, [['content-type', writer.contentType], ...headers], source);
}

/** As `respondDataSets` in JSON, of texts that are deflated already: a client that takes gzip gets them as they are. */
export function respondDeflatedJson(
  context: RequestContext,
  { encoding, headers }: DeflatedResponse,
  pages: Iterator<readonly DeflatedText[][]>,
): void {
  const texts = deflatedArray(pages);
  const pieces = encoding === 'gzip' ? gzipPieces(texts) : inflatedPieces(texts);
  const encodingHeaders = encoding === 'gzip' ? [['content-encoding', 'gzip'] as const] : [];
  context.respondStream(
    200,
    [['content-type', jsonType], ...encodingHeaders, ...headers],
    iteratorSource(pieces, () => void pages.return?.()),
  );
}

/** The text of what `respondDeflatedJson` sends. */
export function deflatedJsonText(
  pages: Iterator<readonly DeflatedText[][]>,
): Generator<Uint8Array> {
  return inflatedPieces(deflatedArray(pages));
}

/** Answers 200 with a document that is kept as a whole. */
export function respondKeptJson(
  context: RequestContext,
  { encoding, headers }: DeflatedResponse,
  { gzip, textBytes }: KeptDocument,
): void {
  const type = ['content-type', jsonType] as const;
  if (encoding === 'gzip') {
    context.respond(200, [type, ['content-encoding', 'gzip'], ...headers], gzip);
    return;
  }
  gunzip(gzip, { maxOutputLength: textBytes, chunkSize: inflatedChunkBytes }, (error, text) => {
    if (error === null) context.respond(200, [type, ...headers], text);
    else context.respondError(error);
  });
}

export interface DeflatedResponse {
  readonly encoding: 'gzip' | 'identity';
  readonly headers: HttpHeaders;
}

const [opening, comma, closing] = ['[', ',', ']'].map((text) => storedText(Buffer.from(text)));

/** The texts of a JSON array, a page at a time. */
function* deflatedArray(
  pages: Iterator<readonly DeflatedText[][]>,
): Generator<readonly DeflatedText[]> {
  let separator = opening!;
  for (let page = pages.next(); page.done !== true; page = pages.next()) {
    const texts: DeflatedText[] = [];
    for (const documentTexts of page.value) {
      texts.push(separator, ...documentTexts);
      separator = comma!;
    }
    yield texts;
  }
  yield separator === opening ? [opening, closing!] : [closing!];
}

function* gzipPieces(pages: Iterable<readonly DeflatedText[]>): Generator<Uint8Array> {
  const writer = new GzipWriter();
  yield writer.head;
  for (const texts of pages) yield Buffer.concat(texts.map((text) => writer.take(text)));
  yield writer.end();
}

function* inflatedPieces(pages: Iterable<readonly DeflatedText[]>): Generator<Uint8Array> {
  for (const texts of pages) if (texts.length > 0) yield inflateTexts(texts);
}

/** Representations differ by both, RFC 9110 §12.5.5. */
export const varyHeader = ['vary', 'Accept, Accept-Encoding'] as const;

function iteratorSource(pieces: Iterator<Uint8Array>, close: () => void): ResponseSource {
  return {
    read: () => {
      const next = pieces.next();
      return next.done === true ? null : next.value;
    },
    close,
  };
}

function* jsonPieces(pages: Iterator<readonly Uint8Array[]>): Generator<Uint8Array> {
  let separator = '[';
  for (let page = pages.next(); page.done !== true; page = pages.next()) {
    const pieces: Uint8Array[] = [];
    for (const json of page.value) {
      pieces.push(Buffer.from(separator), json);
      separator = ',';
    }
    if (pieces.length > 0) yield Buffer.concat(pieces);
  }
  yield Buffer.from(separator === '[' ? '[]' : ']');
}

function* xmlPieces(
  pages: Iterator<readonly Uint8Array[]>,
  writer: MultipartRelatedWriter,
): Generator<Uint8Array> {
  let text = '';
  let index = 0;
  for (let page = pages.next(); page.done !== true; page = pages.next()) {
    for (const json of page.value) {
      text += Buffer.from(writer.partHead(index++, xmlType)).toString('latin1');
      for (const piece of nativeDicomModel(json)) {
        text += piece;
        if (text.length < pieceLength) continue;
        yield Buffer.from(text);
        text = '';
      }
    }
  }
  yield Buffer.concat([Buffer.from(text), writer.end]);
}
