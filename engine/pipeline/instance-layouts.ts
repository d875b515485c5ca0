import { GantryError } from '#engine/base/error-catalogue.js';
import { LruCache } from '#engine/base/lru-cache.js';
import type { InstanceLayout } from '#engine/dicom/instance/parsed-instance.js';
import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';
import { topLevelHead } from '#engine/dicom/json-model/top-level-head.js';
import {
  readImagePixelDescription,
  type ImagePixelDescription,
} from '#engine/dicom/pixel-data/image-pixel-description.js';
import { frameTablePageEntries } from '#engine/dicom/pixel-data/frame-table.js';
import type { CatalogReader } from '#engine/store/catalog/catalog-reader.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';

const layoutsCachedMax = 4096;
const frameTablePagesCachedMax = 512;
const descriptionsCachedMax = 4096;

/**
 * Layouts, image descriptions and frame table pages as retrieves need them, the recent ones in memory: tiles of a slide come by the thousand from
 * one instance. Keys hold the record's sequence, so an instance that was replaced is never answered from the cache.
 */
export class InstanceLayouts {
  readonly #reader: CatalogReader;
  readonly #layouts = new LruCache<string, InstanceLayout>(layoutsCachedMax);
  readonly #pages = new LruCache<string, Uint8Array>(frameTablePagesCachedMax);
  readonly #descriptions = new LruCache<string, ImagePixelDescription>(descriptionsCachedMax);

  constructor(reader: CatalogReader) {
    this.#reader = reader;
  }

  layoutOf(partition: number, record: InstanceRecord): InstanceLayout {
    const key = contentKey(partition, record);
    const cached = this.#layouts.get(key);
    if (cached !== undefined) return cached;
    const layout = this.#reader.readLayout(partition, record);
    if (layout === undefined) throw new GantryError('corrupt', 'the layout record is missing');
    this.#layouts.set(key, layout);
    return layout;
  }

  /** The Image Pixel module of the instance. Throws `not-acceptable` when it describes no frames that can be decoded. */
  imagePixelDescription(partition: number, record: InstanceRecord): ImagePixelDescription {
    const key = contentKey(partition, record);
    const cached = this.#descriptions.get(key);
    if (cached !== undefined) return cached;
    const document = this.#reader.readMetadata(partition, record);
    if (document === undefined) throw new GantryError('corrupt', 'the metadata record is missing');
    const description = readImagePixelDescription(document.json);
    this.#descriptions.set(key, description);
    return description;
  }

  /** The attributes up to and with `lastTag`, of the metadata. */
  attributesUpTo(partition: number, record: InstanceRecord, lastTag: string): JsonDataSet {
    const document = this.#reader.readMetadata(partition, record);
    if (document === undefined) throw new GantryError('corrupt', 'the metadata record is missing');
    return JSON.parse(topLevelHead(document.json, lastTag)) as JsonDataSet;
  }

  /** Bits Allocated; undefined where the image is described in a way that `imagePixelDescription` refuses. */
  findBitsAllocated(partition: number, record: InstanceRecord): number | undefined {
    try {
      return this.imagePixelDescription(partition, record).bitsAllocated;
    } catch (error) {
      if (error instanceof GantryError && error.code === 'not-acceptable') return undefined;
      throw error;
    }
  }

  /** The page of the frame table that holds the entry of `frameIndex` (0-based). */
  frameTablePage(partition: number, record: InstanceRecord, frameIndex: number): Uint8Array {
    const page = Math.floor(frameIndex / frameTablePageEntries);
    const key = `${contentKey(partition, record)}/${page}`;
    const cached = this.#pages.get(key);
    if (cached !== undefined) return cached;
    const bytes = this.#reader.readFrameTablePage(partition, record, page);
    if (bytes === undefined) throw new GantryError('corrupt', 'the frame table is missing');
    this.#pages.set(key, bytes);
    return bytes;
  }
}

/** Names the content of an instance: the sequence of its record changes with it. */
export function contentKey(partition: number, record: InstanceRecord): string {
  return `${partition}/${record.sequence}/${record.seriesInstanceUid}/${record.sopInstanceUid}`;
}
