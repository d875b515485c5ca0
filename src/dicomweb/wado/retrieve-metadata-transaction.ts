import type { DeflatedText } from '#engine/base/deflated-text.js';
import { filterJsonModel, type ElementFilter } from '#engine/dicom/json-model/filter-json-model.js';
import type { Engine, RetrieveTarget } from '#engine/engine-types.js';
import type { HttpHeaders } from '#engine/transport/http-transport.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import type { ContentEncoding } from '#src/http/content-encoding.js';
import { contentEncodingOf } from '#src/http/encoded-response.js';
import { queryParameter, queryParameterValues } from '#src/http/query-string.js';
import { weakEtag } from '#src/http/etag.js';
import type { RequestContext } from '#src/http/request-context.js';
import type { Dialect } from '../dialect.js';
import {
  dataSetFormOf,
  deflatedJsonText,
  respondDataSets,
  respondDeflatedJson,
  respondKeptJson,
  varyHeader,
} from '../data-sets-response.js';
import { tagOfName } from '../qido/search-attributes.js';
import { instanceUrl, studiesUrl, targetOf, type DicomwebService } from '../dicomweb-service.js';
import {
  answerNotModified,
  etagOf,
  requireResource,
  type ResourceRecord,
} from '../resource-etag.js';

/** Series and studies up to this size are kept as whole documents; to make a larger one takes seconds of a processor. */
const keptInstancesMax = 10_000;
/** Whole documents up to this size are inflated in one go for clients that take no gzip. */
const keptTextBytesMax = 1024 * 1024;

const binaryVrs: ReadonlySet<string> = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'UN']);

/**
 * Retrieve metadata, PS3.18 §10.4.1.1.2, of an instance, a series or a study: the JSON derived at ingest, streamed from the
 * catalogue without opening an instance, as it is or as XML. Beyond the standard, `includefield` names the attributes that are
 * wanted, and `excludeprivate=true` leaves private ones out.
 */
export function retrieveMetadataTransaction(
  service: DicomwebService,
  context: RequestContext,
): void {
  const form = dataSetFormOf(service.dialect, context);
  const target = targetOf(context);
  const url = studiesUrl(service, context);
  const wanted = wantedElements(service.dialect, context);
  const keeps = elementFilter(service.dialect, wanted);
  const resource = requireResource(service.engine, target);
  const encoding = contentEncodingOf(context);
  const isAsStored = form === 'json' && keeps === undefined && encoding !== 'br';
  const kind = isAsStored ? `${encoding}-as-stored` : encoding;
  const fields = [...(wanted.tags ?? ['all'])].join();
  const representation = `metadata-${form}-${kind}-${wanted.excludesPrivate}-${fields} ${url}`;
  const strongTag =
    service.dialect.metadataEtag === 'version-count'
      ? versionEtag(resource, encoding)
      : etagOf(resource, target, representation);
  // The same text is compressed in one of two ways.
  const etag = isAsStored && encoding === 'gzip' ? weakEtag(strongTag) : strongTag;
  const caching = [['cache-control', 'private, no-cache'], varyHeader] as const;
  if (answerNotModified(context, etag, caching)) return;
  const headers = [['etag', etag], ...caching] as const;
  if (isAsStored) {
    respondAsStored(service, context, { target, resource, url, encoding, headers });
    return;
  }
  const pages = metadataPages(service.engine, target, url, keeps);
  respondDataSets(context, { form, boundaryKey: etag, headers }, pages);
}

interface AsStored {
  readonly target: RetrieveTarget;
  readonly resource: ResourceRecord;
  readonly url: string;
  readonly encoding: 'gzip' | 'identity';
  readonly headers: HttpHeaders;
}

/** Answers with all of the metadata: the whole document if it is kept, or what is kept of each instance. */
function respondAsStored(
  { engine, keptMetadata }: DicomwebService,
  context: RequestContext,
  { target, resource, url, encoding, headers }: AsStored,
): void {
  const pages = (): Generator<readonly DeflatedText[][]> => deflatedPages(engine, target, url);
  const answer = { encoding, headers };
  const isKept = 'instanceCount' in resource && resource.instanceCount <= keptInstancesMax;
  const key = `${etagOf(resource, target, 'document')} ${url}`;
  const document = isKept ? keptMetadata.find(key) : undefined;
  if (document !== undefined && (encoding === 'gzip' || document.textBytes <= keptTextBytesMax)) {
    respondKeptJson(context, answer, document);
    return;
  }
  respondDeflatedJson(context, answer, pages());
  if (document !== undefined || !isKept) return;
  const isCurrent = (): boolean => {
    const { sequence, createdAtMs } = requireResource(engine, target);
    return sequence === resource.sequence && createdAtMs === resource.createdAtMs;
  };
  void keptMetadata.missed(key, { texts: () => deflatedJsonText(pages()), isCurrent });
}

/** As `metadataPages`, for clients that take it as it is kept. */
function* deflatedPages(
  engine: Engine,
  target: RetrieveTarget,
  url: string,
): Generator<readonly DeflatedText[][]> {
  for (const page of engine.instancePages(target)) {
    const urlOf = (record: InstanceRecord): string => instanceUrl(url, record);
    yield engine.retrieveDeflatedMetadata(target.partition, page, urlOf);
  }
}

/** The metadata of a page of records at a time. */
function* metadataPages(
  engine: Engine,
  target: RetrieveTarget,
  url: string,
  keeps: ElementFilter | undefined,
): Generator<readonly Uint8Array[]> {
  for (const page of engine.instancePages(target)) {
    const urlOf = (record: InstanceRecord): string => instanceUrl(url, record);
    const texts = engine.retrieveMetadata(target.partition, page, urlOf);
    yield keeps === undefined ? texts : texts.map((json) => filterJsonModel(json, keeps));
  }
}

/** What a client wants of metadata. */
interface WantedElements {
  readonly excludesPrivate: boolean;
  /** Undefined for all. */
  readonly tags: ReadonlySet<string> | undefined;
}

/** In every document: who it is. */
const uidTags = ['00080016', '00080018', '0020000D', '0020000E'];

/** Names in `includefield` that are no attributes ask for nothing. */
function wantedElements(dialect: Dialect, { query }: RequestContext): WantedElements {
  if (!dialect.metadataHasFields) return { excludesPrivate: false, tags: undefined };
  const excludesPrivate = queryParameter(query, 'excludeprivate') === 'true';
  const fields = queryParameterValues(query, 'includefield').flatMap((value) => value.split(','));
  if (fields.length === 0 || fields.includes('all')) return { excludesPrivate, tags: undefined };
  const named = fields.map((field) => tagOfName(field.trim())).filter((tag) => tag !== undefined);
  return { excludesPrivate, tags: new Set([...uidTags, ...named]) };
}

/** Which elements a client gets; undefined for all of them. */
function elementFilter(dialect: Dialect, wanted: WantedElements): ElementFilter | undefined {
  const { excludesPrivate, tags } = wanted;
  if (dialect.metadataHasBinary && !excludesPrivate && tags === undefined) return undefined;
  return (tag, vr, isNested) =>
    (isNested || tags === undefined || tags.has(tag)) &&
    (dialect.metadataHasBinary || !binaryVrs.has(vr)) &&
    !(excludesPrivate && isPrivate(tag));
}

/** An odd group, PS3.5 §7.8. */
function isPrivate(tag: string): boolean {
  return (Number.parseInt(tag.slice(0, 4), 16) & 1) === 1;
}

/** Tells apart what the Azure service does: versions, and how many instances there are. */
function versionEtag(resource: ResourceRecord, encoding: ContentEncoding): string {
  const count = 'instanceCount' in resource ? `-${resource.instanceCount}` : '';
  return `"${resource.sequence}${count}${encoding === 'identity' ? '' : `-${encoding}`}"`;
}
