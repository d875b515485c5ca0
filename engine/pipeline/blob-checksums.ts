import { crc32 } from 'node:zlib';
import { checksumBlockBytes } from '#engine/base/block-checksums.js';
import { GantryError } from '#engine/base/error-catalogue.js';
import { LruCache } from '#engine/base/lru-cache.js';
import { checksumPageEntries } from '#engine/store/catalog/block-checksums-codec.js';
import type { BlockChecksumPage } from '#engine/store/catalog/block-checksums-codec.js';
import type { CatalogReader } from '#engine/store/catalog/catalog-reader.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import { contentKey } from './instance-layouts.js';

/** A block of a blob: where it begins and ends, and what its bytes must sum to. */
interface Block {
  readonly start: number;
  readonly end: number;
  readonly crc32: number;
}

/** The blocks of one blob. */
export interface BlobBlocks {
  /** The first position of the block that holds the byte at `position`. */
  startOf(position: number): number;
  /** The first position behind that block. */
  endOf(position: number): number;
  /** Throws `corrupt` when `bytes`, whole blocks from `position`, are not those that were stored. */
  verify(position: number, bytes: Uint8Array): void;
}

/** Pages in memory: of 16 KiB for blobs beyond 64 MiB, mostly of some hundred bytes. */
const pagesCachedBytesMax = 16 * 1024 * 1024;
/** A page weighs this much besides its bytes. */
const pageOverheadBytes = 256;

/** Finds the checksums of blobs, the recent ones in memory. */
export class BlobChecksums {
  readonly #reader: CatalogReader;
  readonly #pages = new LruCache<string, BlockChecksumPage>(pagesCachedBytesMax);

  constructor(reader: CatalogReader) {
    this.#reader = reader;
  }

  /** The blocks of the blob of `record`; undefined for one that has none: RocksDB checks those that it holds. */
  blocksOf(partition: number, record: InstanceRecord): BlobBlocks | undefined {
    const { blob } = record;
    if (blob.store === 'value' || blob.length === 0) return undefined;
    if (blob.length <= checksumBlockBytes) {
      return blocks(() => ({ start: 0, end: blob.length, crc32: blob.crc32 }));
    }
    const first = this.#page(partition, record, 0);
    if (first === undefined) return undefined;
    const { prefixBytes } = first;
    // Kept here between blocks: a name for each look-up costs more than comparing the checksum.
    let page: BlockChecksumPage | undefined = first;
    let pageNumber = 0;
    return blocks((position) => {
      const inPrefix = position < prefixBytes;
      const number = inPrefix ? 0 : Math.floor((position - prefixBytes) / checksumBlockBytes);
      const index = inPrefix || prefixBytes === 0 ? number : number + 1;
      const start = inPrefix ? 0 : prefixBytes + number * checksumBlockBytes;
      const end = inPrefix ? prefixBytes : Math.min(start + checksumBlockBytes, blob.length);
      const wantedPage = Math.floor(index / checksumPageEntries);
      if (wantedPage !== pageNumber) page = this.#page(partition, record, wantedPage);
      pageNumber = wantedPage;
      const at = (index % checksumPageEntries) * 4;
      if (page === undefined || at + 4 > page.entries.length) {
        throw new GantryError('corrupt', 'checksums of the instance are missing');
      }
      return { start, end, crc32: page.entries.readUInt32LE(at) };
    });
  }

  #page(partition: number, record: InstanceRecord, page: number): BlockChecksumPage | undefined {
    const key = `${contentKey(partition, record)}/${page}`;
    const cached = this.#pages.get(key);
    if (cached !== undefined) return cached;
    const found = this.#reader.readBlockChecksums(partition, record, page);
    if (found !== undefined) {
      this.#pages.set(key, found, found.entries.length + pageOverheadBytes);
    }
    return found;
  }
}

function blocks(blockAt: (position: number) => Block): BlobBlocks {
  return {
    startOf: (position) => blockAt(position).start,
    endOf: (position) => blockAt(position).end,
    verify: (position, bytes) => {
      for (let at = 0; at < bytes.length;) {
        const { end, crc32: expected } = blockAt(position + at);
        const next = end - position;
        if (crc32(bytes.subarray(at, next)) !== expected) {
          throw new GantryError('corrupt', `stored bytes fail their checksum at ${position + at}`);
        }
        at = next;
      }
    },
  };
}
