import { GantryError } from '#engine/base/error-catalogue.js';
import { limits } from '#engine/base/limits.js';
import { LruCache } from '#engine/base/lru-cache.js';
import type {
  AttributeSource,
  RenderParameters,
  RenderTask,
} from '#engine/codec/render/rendering.js';
import {
  explicitVrLittleEndianUid,
  findTransferSyntax,
} from '#engine/dicom/dictionary/transfer-syntaxes.js';
import { topLevelHead } from '#engine/dicom/json-model/top-level-head.js';
import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import type { CodecPool } from '#engine/threads/codec-pool.js';
import type { BlobSource, PictureSubject, RenderingKind } from '../engine-types.js';
import { CachedResults } from './cached-results.js';
import { contentKey } from './instance-layouts.js';
import { findPresentedImage } from './presented-image.js';
import { readRenderAttributes, type AttributeParts } from './render-attributes.js';
import { renderingKindOf } from './rendering-kind.js';
import { retrieveBulkValue } from './retrieve-bulkdata.js';
import { retrieveFrame } from './retrieve-frames.js';
import { bytesSource, readInto } from './retrieve-instance.js';

export interface RendererParts extends AttributeParts {
  readonly codecPool: CodecPool;
}

export interface RendererOptions {
  /** Largest frame, in samples, and largest picture, in pixels. */
  readonly framePixelsMax: number;
  readonly pictureCacheBytes: number;
}

/** Attributes of instances that pictures were made of: a viewer asks for the same image again, with another window or frame. */
const attributesBytesMax = 16 * 1024 * 1024;

/** Bytes that a sample has at most when it is stored: Double Float Pixel Data. */
const sampleBytesMax = 8;
const encapsulatedDocumentTag = '00420011';
const representativeFrameTag = '00286010';

/** Pictures, pages and documents of instances, as PS3.18 §8.7.4 has them rendered. Pictures are cached by content. */
export class Renderer {
  readonly #parts: RendererParts;
  readonly #options: RendererOptions;
  readonly #pictures: CachedResults;
  readonly #attributes = new LruCache<string, AttributeSource>(attributesBytesMax);

  constructor(parts: RendererParts, options: RendererOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#pictures = new CachedResults(options.pictureCacheBytes);
  }

  get picturesRendered(): number {
    return this.#pictures.madeCount;
  }

  get picturesFromCache(): number {
    return this.#pictures.cachedCount;
  }

  kindOf(partition: number, record: InstanceRecord): RenderingKind {
    const { pixel } = this.#parts.layouts.layoutOf(partition, record);
    return renderingKindOf(record, pixel.kind !== 'none');
  }

  /** What is seen of an image or a presentation state. Throws `not-acceptable` when the latter shows no stored image. */
  pictureSubject(partition: number, record: InstanceRecord): PictureSubject {
    const isState = this.kindOf(partition, record).kind === 'presentation-state';
    const presented = isState
      ? findPresentedImage(this.#parts.reader, partition, record)
      : { record, frameNumber: undefined };
    const image = presented.record;
    const { pixel } = this.#parts.layouts.layoutOf(partition, image);
    if (this.kindOf(partition, image).kind !== 'image' || pixel.kind === 'none') {
      throw new GantryError('not-acceptable', 'the presentation state shows no image');
    }
    const { frameCount } = pixel;
    const wanted = presented.frameNumber ?? this.#representativeFrame(partition, image, frameCount);
    const representativeFrame = wanted >= 1 && wanted <= frameCount ? wanted : 1;
    return {
      partition,
      image,
      state: isState ? record : undefined,
      frameCount,
      representativeFrame,
    };
  }

  /**
   * The picture of one frame, or an animation of several, frames being 1-based. Rejects with `not-found` for a frame that is not
   * there, `not-acceptable` for pixels that are not rendered, `bad-request` for a region, size or number of frames out of bounds,
   * `corrupt`, `too-many-requests`, `timeout`.
   */
  renderPicture(
    subject: PictureSubject,
    frameNumbers: readonly number[],
    parameters: RenderParameters,
  ): Promise<Uint8Array> {
    const { partition, image, state } = subject;
    const framesMax = this.#animationFramesMax(image);
    if (frameNumbers.length > framesMax) {
      const detail = `an animation of this image has at most ${framesMax} frames`;
      return Promise.reject(new GantryError('bad-request', detail));
    }
    const stateKey = state === undefined ? '' : contentKey(partition, state);
    const key = [
      contentKey(partition, image),
      stateKey,
      frameNumbers.join(),
      JSON.stringify(parameters),
    ].join('|');
    return this.#pictures.get(key, () =>
      this.#parts.codecPool.renderPicture(() => this.#loadTask(subject, frameNumbers, parameters)),
    );
  }

  /** The frames of an animation of all frames: evenly spaced, as many as the limits allow. */
  animationFrames({ image, frameCount }: PictureSubject): number[] {
    const stride = Math.ceil(frameCount / this.#animationFramesMax(image));
    return Array.from({ length: Math.ceil(frameCount / stride) }, (_, n) => 1 + n * stride);
  }

  /** A structured report as an HTML page. */
  renderReport(partition: number, record: InstanceRecord): Promise<Uint8Array> {
    const key = `${contentKey(partition, record)}|report`;
    return this.#pictures.get(key, () =>
      this.#parts.codecPool.renderDocument(() => {
        const json = this.#parts.reader.readMetadata(partition, record)?.json;
        if (json === undefined) throw new GantryError('corrupt', 'the metadata record is missing');
        if (json.length <= limits.renderAttributeBytesMax) return Promise.resolve({ json });
        throw new GantryError('not-acceptable', 'the report is too long');
      }),
    );
  }

  /** An encapsulated document, or a video stream, as stored. Throws `not-found` when it is missing. */
  async openStoredMedia(partition: number, record: InstanceRecord): Promise<BlobSource> {
    const { blobs, layouts, reader } = this.#parts;
    if (this.kindOf(partition, record).kind === 'video') {
      return retrieveFrame(blobs, layouts, { partition, record, frameNumber: 1 });
    }
    const path = encapsulatedDocumentTag;
    const stored = retrieveBulkValue(blobs, layouts, { partition, record, path });
    if (stored !== undefined) return stored;
    const json = reader.readMetadata(partition, record)?.json ?? Buffer.from('{}');
    const inline = (JSON.parse(topLevelHead(json, path)) as JsonDataSet)[path]?.InlineBinary;
    if (inline === undefined) throw new GantryError('not-found', 'the document is empty');
    return bytesSource(Buffer.from(inline, 'base64'));
  }

  /** Frames that are held and decoded together: what they are in colour is no more than one frame may be. */
  #animationFramesMax(image: InstanceRecord): number {
    const side = (tag: string): number => Number(image.attributes[tag]?.Value?.[0] ?? 1);
    const frameSamples = Math.max(1, side('00280010') * side('00280011')) * 3;
    const fitting = Math.max(1, Math.floor(this.#options.framePixelsMax / frameSamples));
    return Math.min(fitting, limits.animationFramesMax);
  }

  #representativeFrame(partition: number, image: InstanceRecord, frameCount: number): number {
    if (frameCount === 1) return 1;
    const json = this.#parts.reader.readMetadata(partition, image)?.json ?? Buffer.from('{}');
    const head = JSON.parse(topLevelHead(json, representativeFrameTag)) as JsonDataSet;
    const value = Number(head[representativeFrameTag]?.Value?.[0] ?? 1);
    return Number.isInteger(value) ? value : 1;
  }

  async #loadTask(
    { partition, image, state }: PictureSubject,
    frameNumbers: readonly number[],
    parameters: RenderParameters,
  ): Promise<RenderTask> {
    const { transferSyntaxUid } = image;
    const isNative = findTransferSyntax(transferSyntaxUid)?.isEncapsulated === false;
    const frames: Uint8Array[] = [];
    for (const frameNumber of frameNumbers) {
      frames.push(await this.#readFrame(partition, image, frameNumber));
    }
    const presentationState =
      state === undefined ? undefined : await this.#attributesOf(partition, state);
    return {
      frames,
      frameNumbers,
      transferSyntaxUid: isNative ? explicitVrLittleEndianUid : transferSyntaxUid,
      image: await this.#attributesOf(partition, image),
      ...(presentationState === undefined ? {} : { presentationState }),
      sopInstanceUid: image.sopInstanceUid,
      framePixelsMax: this.#options.framePixelsMax,
      parameters,
    };
  }

  /** What names the content of an instance names its attributes. */
  async #attributesOf(partition: number, record: InstanceRecord): Promise<AttributeSource> {
    const key = contentKey(partition, record);
    const known = this.#attributes.get(key);
    if (known !== undefined) return known;
    const read = await readRenderAttributes(this.#parts, partition, record);
    // What is posted to a thread takes along the buffer that it is a part of.
    const attributes = { ...read, json: new Uint8Array(read.json) };
    const weight = attributesBytes(attributes);
    if (weight <= attributesBytesMax) this.#attributes.set(key, attributes, weight);
    return attributes;
  }

  async #readFrame(
    partition: number,
    record: InstanceRecord,
    frameNumber: number,
  ): Promise<Uint8Array> {
    const { blobs, layouts } = this.#parts;
    const source = await retrieveFrame(blobs, layouts, { partition, record, frameNumber });
    if (source.length <= sampleBytesMax * this.#options.framePixelsMax) {
      return readInto(source, this.#parts.codecPool.memory);
    }
    throw new GantryError('not-acceptable', 'the frame is too large to be rendered');
  }
}

function attributesBytes({ json, bulkValues }: AttributeSource): number {
  return bulkValues.reduce((sum, { bytes }) => sum + bytes.length, json.length);
}
