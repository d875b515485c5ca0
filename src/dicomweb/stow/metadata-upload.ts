import { GantryError, toGantryError } from '#engine/base/error-catalogue.js';
import { limits } from '#engine/base/limits.js';
import { isUid } from '#engine/base/uid.js';
import { checkJsonDataSet } from '#engine/dicom/json-model/check-json-data-set.js';
import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';
import { readNativeDicomModel } from '#engine/dicom/xml-model/read-native-dicom-model.js';
import type { StoreSession } from '#engine/engine-types.js';
import { parseMediaType } from '#engine/multipart/media-type.js';
import type { PartHeaders } from '#engine/multipart/multipart-related-reader.js';
import { BulkParts } from './bulk-parts.js';
import { composeInstance } from './compose-instance.js';
import type { Upload } from './instance-upload.js';
import type { PartSink } from './receive-parts.js';
import { ScratchFile } from './scratch-file.js';
import type { PartOutcome } from './store-response.js';

export const metadataMediaTypes = ['application/dicom+json', 'application/dicom+xml'] as const;
type MetadataType = (typeof metadataMediaTypes)[number];

interface Document {
  readonly type: MetadataType;
  readonly partNumber: number;
  readonly chunks: Buffer[];
}

export interface MetadataUploadOptions {
  readonly openSession: (onDrain: () => void) => StoreSession;
  /** Where bulk data waits until all of the request has come. */
  readonly scratchDirectory: string;
  /** The sender may go on. */
  readonly onDrain: () => void;
  /** URL of the request, which relative locations count from. */
  readonly url: string;
}

const copyBytes = 256 * 1024;

/**
 * A Store request of metadata and bulk data (PS3.18 §10.5.1.2): bulk data flows to disk while it arrives, and when all has come
 * each data set of the metadata is made an instance and goes into the engine as if it had been sent so. The bytes of that are
 * what is stored.
 */
export class MetadataUpload implements Upload {
  readonly #session: StoreSession;
  readonly #scratch: ScratchFile;
  readonly #bulk: BulkParts;
  readonly #documents: Document[] = [];
  #documentBytes = 0;
  #onSessionDrained: (() => void) | undefined;

  constructor(options: MetadataUploadOptions) {
    this.#session = options.openSession(() => this.#onSessionDrained?.());
    this.#scratch = new ScratchFile(options.scratchDirectory, options.onDrain);
    this.#bulk = new BulkParts(this.#scratch, options.url);
  }

  openPart(headers: PartHeaders, partNumber: number): PartSink {
    const type = parseMediaType(headers.get('content-type') ?? '')?.type;
    const metadataType = metadataMediaTypes.find((each) => each === type);
    if (metadataType === undefined) return this.#bulk.open(headers);
    const document: Document = { type: metadataType, partNumber, chunks: [] };
    return {
      write: (bytes) => {
        this.#documentBytes += bytes.length;
        if (this.#documentBytes > limits.storeMetadataBytesMax) {
          throw new GantryError(
            'payload-too-large',
            `at most ${limits.storeMetadataBytesMax} bytes of metadata`,
          );
        }
        document.chunks.push(Buffer.from(bytes));
        return true;
      },
      end: () => this.#documents.push(document),
      abandon: () => undefined,
    };
  }

  async finish(bodyError: GantryError | undefined): Promise<PartOutcome[]> {
    // Of a body that ended early nobody knows which bulk data would still have come.
    if (bodyError !== undefined) return [];
    if (this.#documents.length === 0) {
      throw new GantryError('bad-request', 'the request has no metadata');
    }
    await this.#scratch.settle();
    const outcomes: PartOutcome[] = [];
    for (const document of this.#documents) {
      for (const outcome of await this.#storeDocument(document)) {
        outcomes.push({ ...outcome, partNumber: document.partNumber });
      }
    }
    return outcomes;
  }

  async close(): Promise<void> {
    this.#session.close();
    await this.#scratch.close();
  }

  async #storeDocument(document: Document): Promise<PartOutcome[]> {
    const outcomes: PartOutcome[] = [];
    let dataSets: unknown[];
    try {
      dataSets = parse(document);
    } catch (error) {
      return [{ result: 'failed', error: toGantryError(error) }];
    }
    for (const dataSet of dataSets) outcomes.push(await this.#storeDataSet(dataSet));
    return outcomes;
  }

  async #storeDataSet(unchecked: unknown): Promise<PartOutcome> {
    let uids = {};
    try {
      const metadata = checkJsonDataSet(unchecked);
      uids = uidsOf(metadata);
      const { pieces, coerced } = await composeInstance(metadata, this.#bulk);
      this.#session.beginInstance();
      for (const piece of pieces) {
        if (piece instanceof Uint8Array) await this.#write(piece);
        else await this.#copy(piece.position, piece.length);
      }
      const outcome = await this.#session.endInstance();
      return coerced === undefined ? outcome : { ...outcome, coerced };
    } catch (error) {
      this.#session.abandonInstance();
      return { result: 'failed', error: toGantryError(error), ...uids };
    }
  }

  async #copy(position: number, length: number): Promise<void> {
    const buffer = Buffer.allocUnsafe(Math.min(length, copyBytes));
    for (let done = 0; done < length;) {
      const piece = buffer.subarray(0, Math.min(buffer.length, length - done));
      await this.#scratch.read(position + done, piece);
      await this.#write(piece);
      done += piece.length;
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const drained = new Promise<void>((resolve) => (this.#onSessionDrained = resolve));
    if (!this.#session.write(bytes)) await drained;
  }
}

/** Data sets of a metadata part: a JSON array of them, or one; of XML one. Throws `malformed`. */
function parse({ type, chunks }: Document): unknown[] {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch (cause) {
    throw new GantryError('malformed', 'the metadata is not UTF-8', { cause });
  }
  if (type === 'application/dicom+xml') return [readNativeDicomModel(text)];
  try {
    const value = JSON.parse(text) as unknown;
    return Array.isArray(value) ? value : [value];
  } catch {
    // The parser's own message quotes the text, which may be about a patient.
    throw new GantryError('malformed', 'the metadata is not JSON');
  }
}

function uidsOf(metadata: JsonDataSet): { sopClassUid?: string; sopInstanceUid?: string } {
  const uid = (tag: string): string | undefined => {
    const value = metadata[tag]?.Value?.[0];
    return typeof value === 'string' && isUid(value) ? value : undefined;
  };
  const [sopClassUid, sopInstanceUid] = [uid('00080016'), uid('00080018')];
  return {
    ...(sopClassUid === undefined ? {} : { sopClassUid }),
    ...(sopInstanceUid === undefined ? {} : { sopInstanceUid }),
  };
}
