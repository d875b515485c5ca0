import { read, readSync } from 'node:fs';
import { promisify } from 'node:util';
import { GantryError } from '#engine/base/error-catalogue.js';
import type { RocksdbDatabase } from '#native-bindings/rocksdb/rocksdb-database.js';
import { blobChunkKey } from '../catalog/catalog-keys.js';
import type { StoreColumn } from '../catalog/catalog-keys.js';
import type { BlobLocator } from '../catalog/catalog-records.js';
import { toReadError } from '../store-errors.js';
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
    const start = locator.offset + position;
    try {
      return this.#files.with(this.#pathOf(locator), (fd) => {
        for (let done = 0; done < count;) {
          const bytes = readSync(fd, target, done, count - done, start + done);
          if (bytes === 0) throw missingBytes();
          done += bytes;
        }
        return count;
      });
    } catch (error) {
      throw toReadError(error, `segment file ${locator.segment} cannot be read`);
    }
  }

  async read(locator: BlobLocator, position: number, target: Uint8Array): Promise<number> {
    if (locator.store === 'value') return this.#readValues(locator, position, target);
    const count = countAt(locator, position, target);
    const start = locator.offset + position;
    try {
      return await this.#files.with(this.#pathOf(locator), async (fd) => {
        for (let done = 0; done < count;) {
          const { bytesRead } = await readAsync(fd, target, done, count - done, start + done);
          if (bytesRead === 0) throw missingBytes();
          done += bytesRead;
        }
        return count;
      });
    } catch (error) {
      throw toReadError(error, `segment file ${locator.segment} cannot be read`);
    }
  }

  forgetFile(file: Pick<BlobLocator, 'store' | 'segment'>): void {
    this.#files.forget(this.#pathOf(file));
  }

  close(): void {
    this.#files.close();
  }

  #pathOf(locator: Pick<BlobLocator, 'store' | 'segment'>): string {
    const kind = locator.store === 'segment' ? 'seg' : 'big';
    return segmentPath(this.#directory, locator.segment, kind);
  }

  #readValues(locator: BlobLocator, position: number, target: Uint8Array): number {
    const count = countAt(locator, position, target);
    let done = 0;
    while (done < count) {
      const at = position + done;
      const chunk = Math.floor(at / blobChunkBytes);
      const key = blobChunkKey(locator.segment, locator.offset, chunk);
      const value = this.#valueOf(key);
      const from = at - chunk * blobChunkBytes;
      if (value === undefined || value.length <= from) throw missingBytes();
      done += value.copy(target, done, from, from + count - done);
    }
    return done;
  }

  #valueOf(key: Buffer): Buffer | undefined {
    try {
      return this.#database.get('blobs', key);
    } catch (error) {
      throw toReadError(error, 'a blob cannot be read from the catalogue');
    }
  }
}

function countAt(locator: BlobLocator, position: number, target: Uint8Array): number {
  return Math.max(0, Math.min(target.length, locator.length - position));
}

function missingBytes(): GantryError {
  return new GantryError('corrupt', 'a segment ends before the blob does');
}
