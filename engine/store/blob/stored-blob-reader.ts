import { read, readSync } from 'node:fs';
import { promisify } from 'node:util';
import { GantryError } from '#engine/base/error-catalogue.js';
import type { RocksdbDatabase } from '#native-bindings/rocksdb/rocksdb-database.js';
import { blobChunkKey } from '../catalog/catalog-keys.js';
import type { StoreColumn } from '../catalog/catalog-keys.js';
import type { BlobLocator } from '../catalog/catalog-records.js';
import type { BlobReader } from './blob-store.js';
import { FileCache } from './file-cache.js';
import { blobChunkBytes } from './rocksdb-blob-store.js';
import { segmentPath } from './segment-files.js';

const openFilesMax = 64;

const readAsync = promisify(read);

/** Reads what the blob log, the files of single blobs and the RocksDB values of a data directory hold; usable on any thread. */
export class StoredBlobReader implements BlobReader {
  readonly #directory: string;
  readonly #database: RocksdbDatabase<StoreColumn>;
  readonly #files = new FileCache(openFilesMax);

  /**
   * @param directory - the directory of the segment files
   * @param database - opened or borrowed by this thread
   */
  constructor(directory: string, database: RocksdbDatabase<StoreColumn>) {
    this.#directory = directory;
    this.#database = database;
  }

  readSync(locator: BlobLocator, position: number, target: Uint8Array): number {
    if (locator.store === 'value') return this.#readValues(locator, position, target);
    const count = countAt(locator, position, target);
    return this.#withFile(locator, (fd) => {
      let done = 0;
      while (done < count) {
        const at = locator.offset + position + done;
        const bytes = readSync(fd, target, done, count - done, at);
        if (bytes === 0) throw missingBytes();
        done += bytes;
      }
      return done;
    });
  }

  async read(locator: BlobLocator, position: number, target: Uint8Array): Promise<number> {
    if (locator.store === 'value') return this.#readValues(locator, position, target);
    const count = countAt(locator, position, target);
    return this.#withFile(locator, async (fd) => {
      let done = 0;
      while (done < count) {
        const at = locator.offset + position + done;
        const { bytesRead } = await readAsync(fd, target, done, count - done, at);
        if (bytesRead === 0) throw missingBytes();
        done += bytesRead;
      }
      return done;
    });
  }

  close(): void {
    this.#files.close();
  }

  #withFile<T>(locator: BlobLocator, use: (fd: number) => T): T {
    const kind = locator.store === 'segment' ? 'seg' : 'big';
    try {
      return this.#files.with(segmentPath(this.#directory, locator.segment, kind), use);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      throw new GantryError('corrupt', `segment file ${locator.segment} is missing`);
    }
  }

  #readValues(locator: BlobLocator, position: number, target: Uint8Array): number {
    const count = countAt(locator, position, target);
    let done = 0;
    while (done < count) {
      const at = position + done;
      const chunk = Math.floor(at / blobChunkBytes);
      const key = blobChunkKey(locator.segment, locator.offset, chunk);
      const value = this.#database.get('blobs', key);
      const from = at - chunk * blobChunkBytes;
      if (value === undefined || value.length <= from) throw missingBytes();
      done += value.copy(target, done, from, from + count - done);
    }
    return done;
  }
}

function countAt(locator: BlobLocator, position: number, target: Uint8Array): number {
  return Math.max(0, Math.min(target.length, locator.length - position));
}

function missingBytes(): GantryError {
  return new GantryError('corrupt', 'a segment ends before the blob does');
}
