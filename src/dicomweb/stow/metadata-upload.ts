import { GantryError, toGantryError } from '#engine/base/error-catalogue.js';
import { limits } from '#engine/base/limits.js';
import type { DataSetPiece } from '#engine/dicom/data-set/compose-data-set.js';
import type { StoreSession } from '#engine/engine-types.js';
import { parseMediaType } from '#engine/multipart/media-type.js';
import type { PartHeaders } from '#engine/multipart/multipart-related-reader.js';
import { BulkReceiver, type ReceivedBulk } from './bulk-parts.js';
import { metadataMediaTypes, type ComposedDataSet, type MetadataType } from './compose-document.js';
import type { ComposePool } from './compose-pool.js';
import type { Upload } from './instance-upload.js';
import type { PartSink } from './receive-parts.js';
import { ScratchFile } from './scratch-file.js';
import type { PartOutcome } from './store-response.js';

interface Document {
  readonly type: MetadataType;
  readonly partNumber: number;
  readonly chunks: Buffer[];
}

export interface MetadataUploadOptions {
  readonly openSession: (onDrain: () => void) => StoreSession;
  readonly composePool: ComposePool;
  /** Where bulk data waits until all of the request has come. */
  readonly scratchDirectory: string;
  /** The sender may go on. */
  readonly onDrain: () => void;
  /** URL of the request, which relative locations count from. */
  readonly url: string;
}

const copyBytes = 256 * 1024;
/** Pieces of an instance written at a time: less than a millisecond of work where they are short. */
const piecesAtOnce = 256;
/** Small requests may make as much, however often they refer to the same bulk data. */
const composedBytesFree = 64 * 1024 * 1024;

/**
 * A Store request of metadata and bulk data (PS3.18 §10.5.1.2): bulk data flows to disk while it arrives, and when all has come
 * each data set of the metadata is made an instance and goes into the engine as if it had been sent so. The bytes of that are
 * what is stored.
 */
export class MetadataUpload implements Upload {
  readonly #session: StoreSession;
  readonly #scratch: ScratchFile;
  readonly #bulk: BulkReceiver;
  readonly #pool: ComposePool;
  readonly #documents: Document[] = [];
  #documentBytes = 0;
  #composedBytes = 0;
  #onSessionDrained: (() => void) | undefined;

  constructor(options: MetadataUploadOptions) {
    this.#session = options.openSession(() => this.#onSessionDrained?.());
    this.#scratch = new ScratchFile(options.scratchDirectory, options.onDrain);
    this.#bulk = new BulkReceiver(this.#scratch, options.url);
    this.#pool = options.composePool;
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
    const bulk = this.#bulk.finish();
    const outcomes: PartOutcome[] = [];
    for (const document of this.#documents) {
      for (const outcome of await this.#storeDocument(document, bulk)) {
        outcomes.push({ ...outcome, partNumber: document.partNumber });
      }
    }
    return outcomes;
  }

  async close(): Promise<void> {
    this.#session.close();
    await this.#scratch.close();
  }

  /** What fails as a whole, also for want of a thread, fails as one instance. */
  async #storeDocument({ type, chunks }: Document, bulk: ReceivedBulk): Promise<PartOutcome[]> {
    const outcomes: PartOutcome[] = [];
    try {
      const task = { type, bytes: Buffer.concat(chunks), bulk };
      for (const composed of await this.#pool.compose(task)) {
        outcomes.push(await this.#storeComposed(composed));
      }
    } catch (error) {
      outcomes.push({ result: 'failed', error: toGantryError(error) });
    }
    return outcomes;
  }

  async #storeComposed(composed: ComposedDataSet): Promise<PartOutcome> {
    if (composed.result === 'failed') {
      const { code, detail, ...failed } = composed;
      return { ...failed, error: new GantryError(code, detail) };
    }
    try {
      const { pieces, coerced } = composed;
      this.#countComposed(pieces);
      this.#session.beginInstance();
      for (const [n, piece] of pieces.entries()) {
        if (piece instanceof Uint8Array) await this.#write(piece);
        else await this.#copy(piece.position, piece.length);
        if ((n + 1) % piecesAtOnce === 0) await new Promise(setImmediate);
      }
      const outcome = await this.#session.endInstance();
      return coerced === undefined ? outcome : { ...outcome, coerced };
    } catch (error) {
      this.#session.abandonInstance();
      return { result: 'failed', error: toGantryError(error) };
    }
  }

  /** Throws `limit-exceeded`: a part may be referred to again and again, and a short request would fill the disk. */
  #countComposed(pieces: readonly DataSetPiece[]): void {
    const bytes = pieces.reduce((sum, { length }) => sum + length, this.#composedBytes);
    const receivedBytes = this.#documentBytes + this.#scratch.length;
    if (bytes > Math.max(receivedBytes * limits.composedRatioMax, composedBytesFree)) {
      throw new GantryError('limit-exceeded', 'bulk data is referred to too often');
    }
    this.#composedBytes = bytes;
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
