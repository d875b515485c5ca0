import { GantryError } from '#engine/base/error-catalogue.js';
import { LruCache } from '#engine/base/lru-cache.js';
import {
  findCodec,
  isConvertedWithLoss,
  transcodingRefusal,
} from '#engine/codec/codec-registry.js';
import {
  explicitVrLittleEndianUid,
  findTransferSyntax,
} from '#engine/dicom/dictionary/transfer-syntaxes.js';
import {
  nativeFrameBytes,
  samplesPerFrame,
  type ImagePixelDescription,
} from '#engine/dicom/pixel-data/image-pixel-description.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import type { CodecPool } from '#engine/threads/codec-pool.js';
import type { CodecTask } from '#engine/threads/task-messages.js';
import type { BlobSource } from '../engine-types.js';
import type { DerivedFrames } from './derived-frames.js';
import { FrameCache, type LentFrame } from './frame-cache.js';
import { contentKey, type InstanceLayouts } from './instance-layouts.js';
import { lentFrameSource } from './lent-frame-source.js';
import type { BlobRangeReader } from './read-blob.js';
import { retrieveFrame, type FrameAddress } from './retrieve-frames.js';
import { readInto } from './retrieve-instance.js';

/** Instances of which is remembered that a frame cannot be decoded. */
const faultsMax = 10_000;

/** Room for what a codestream has beside its pixels. */
const headerBytesMax = 1024 * 1024;

export interface FrameTranscoderParts {
  readonly blobs: BlobRangeReader;
  readonly layouts: InstanceLayouts;
  readonly codecPool: CodecPool;
  /** HTJ2K that was encoded ahead. */
  readonly derived: DerivedFrames | undefined;
}

export interface FrameTranscoderOptions {
  /** Largest frame, in samples. */
  readonly framePixelsMax: number;
  readonly cacheBytes: number;
  /** IJG scale, 1 to 100, of targets with loss. */
  readonly lossyQuality: number;
}

/**
 * Frames in another transfer syntax than the stored one. Results are cached by content; requests for a frame that is being
 * worked on wait for the same result.
 */
export class FrameTranscoder {
  readonly #parts: FrameTranscoderParts;
  readonly #options: FrameTranscoderOptions;
  readonly #frames: FrameCache;
  /** What codecs said of frames that they could not read, by instance and transfer syntax. */
  readonly #faults = new LruCache<string, string>(faultsMax);
  #framesTranscoded = 0;
  #framesDerived = 0;

  constructor(parts: FrameTranscoderParts, options: FrameTranscoderOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#frames = new FrameCache(options.cacheBytes, parts.codecPool.memory);
  }

  get lossyQuality(): number {
    return this.#options.lossyQuality;
  }

  /** The quality of frames in `toUid`; undefined where nothing is lost. */
  qualityOf(toUid: string): number | undefined {
    return isConvertedWithLoss(toUid) ? this.lossyQuality : undefined;
  }

  get framesTranscoded(): number {
    return this.#framesTranscoded;
  }

  get framesFromCache(): number {
    return this.#frames.cachedCount + this.#framesDerived;
  }

  /** Why the frames of an instance cannot be had in `toUid`; undefined when they can. */
  refusal(partition: number, record: InstanceRecord, toUid: string): string | undefined {
    try {
      const image = this.#parts.layouts.imagePixelDescription(partition, record);
      const { framePixelsMax } = this.#options;
      if (samplesPerFrame(image) > framePixelsMax) return `frames are limited to ${framePixelsMax}`;
      const { pixel } = this.#parts.layouts.layoutOf(partition, record);
      if (pixel.kind === 'native' && pixel.frameBits !== nativeFrameBits(image)) {
        return 'the frames have another length than their description';
      }
      return transcodingRefusal(image, record.transferSyntaxUid, toUid);
    } catch (error) {
      if (error instanceof GantryError && error.code === 'not-acceptable') return error.detail;
      throw error;
    }
  }

  /** Why some frame of an instance could not be had when it was tried; the others still can. */
  knownFault(partition: number, record: InstanceRecord, toUid: string): string | undefined {
    return this.#faults.get(`${contentKey(partition, record)}/${toUid}`);
  }

  /** One frame in `toUid`. Rejects with `not-acceptable`, `corrupt` and as the pool. */
  async transcode(address: FrameAddress, toUid: string): Promise<BlobSource> {
    if (isNative(address.record.transferSyntaxUid) && toUid === explicitVrLittleEndianUid) {
      return retrieveFrame(this.#parts.blobs, this.#parts.layouts, address);
    }
    const lend = (): Promise<LentFrame> =>
      this.#frames.lend(frameKey(address, toUid), () => this.#transcodeOnce(address, toUid));
    return lentFrameSource(await lend(), lend);
  }

  /** As `transcode`, for frames that take a codec. The bytes are shared with the cache, and stay as they are. */
  transcodeToBytes(address: FrameAddress, toUid: string): Promise<Uint8Array> {
    const make = (): Promise<Uint8Array> => this.#transcodeOnce(address, toUid);
    return this.#frames.give(frameKey(address, toUid), make);
  }

  /**
   * As `transcodeToBytes`, when no one has needed a codec for `idleMs`; undefined otherwise. Nothing comes from a cache or goes
   * there. The caller has seen that there is no `refusal`.
   */
  transcodeIfIdle(
    address: FrameAddress,
    toUid: string,
    idleMs: number,
  ): Promise<Uint8Array> | undefined {
    return this.#parts.codecPool.runIfIdle(idleMs, () => this.#loadTask(address, toUid));
  }

  async #transcodeOnce(address: FrameAddress, toUid: string): Promise<Uint8Array> {
    try {
      return await this.#transcodeNow(address, toUid);
    } catch (error) {
      if (error instanceof GantryError && error.code === 'not-acceptable') {
        const key = `${contentKey(address.partition, address.record)}/${toUid}`;
        this.#faults.set(key, error.detail, 1);
      }
      throw error;
    }
  }

  async #transcodeNow(address: FrameAddress, toUid: string): Promise<Uint8Array> {
    const { partition, record } = address;
    // One encoder makes all syntaxes of HTJ2K, in the order that the strictest of them asks for.
    const isHtj2k = findCodec(toUid)?.encoder === 'htj2k';
    const derived = isHtj2k ? await this.#parts.derived?.find(address) : undefined;
    if (derived !== undefined) {
      this.#framesDerived++;
      return derived;
    }
    const refusal = this.refusal(partition, record, toUid);
    if (refusal !== undefined) throw new GantryError('not-acceptable', refusal);
    const frame = await this.#parts.codecPool.run(() => this.#loadTask(address, toUid));
    this.#framesTranscoded++;
    return frame;
  }

  async #loadTask(address: FrameAddress, toUid: string): Promise<CodecTask> {
    const { partition, record } = address;
    const image = this.#parts.layouts.imagePixelDescription(partition, record);
    const fromUid = isNative(record.transferSyntaxUid)
      ? explicitVrLittleEndianUid
      : record.transferSyntaxUid;
    const frame = await this.#readStored(address, image);
    return { frame, image, fromUid, toUid, quality: this.lossyQuality };
  }

  /** Bytes are read when their turn has come, and no more than a frame can be worth. */
  async #readStored(address: FrameAddress, image: ImagePixelDescription): Promise<Uint8Array> {
    const source = await retrieveFrame(this.#parts.blobs, this.#parts.layouts, address);
    if (source.length > 2 * nativeFrameBytes(image) + headerBytesMax) {
      throw new GantryError(
        'not-acceptable',
        `frame: ${source.length} bytes are more than it can be`,
      );
    }
    return readInto(source, this.#parts.codecPool.memory);
  }
}

/** Names the content of a frame in a transfer syntax. */
function frameKey({ partition, record, frameNumber }: FrameAddress, toUid: string): string {
  return `${contentKey(partition, record)}/${frameNumber}/${toUid}`;
}

function isNative(transferSyntaxUid: string): boolean {
  return findTransferSyntax(transferSyntaxUid)?.isEncapsulated === false;
}

/** Without the padding of the last byte. */
function nativeFrameBits(image: ImagePixelDescription): number {
  return image.bitsAllocated === 1 ? samplesPerFrame(image) : nativeFrameBytes(image) * 8;
}
