import { access, mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { toGantryError, type GantryError } from '#engine/base/error-catalogue.js';
import { isDuckdbLocked } from '#native-bindings/duckdb/duckdb-database.js';
import { DuckdbQueryIndex, type DuckdbQueryIndexOptions } from './duckdb-query-index.js';
import type { QueryIndex } from './query-index.js';

export interface IndexFileOptions {
  readonly path: string;
  readonly memoryBytesMax: number;
  readonly threadCount: number;
}

/** Opens indexes in one place and moves away those that cannot be used. */
export interface IndexFile {
  /** The index on file, or a new one at sequence 0 when there is none or it is `unusable`. */
  open(): Promise<{ readonly index: QueryIndex; readonly unusable?: GantryError }>;
  /** Moves the file, which must be closed, out of the way for an operator to look at; only the last one is kept. */
  setAside(): Promise<void>;
}

/** The file `path`, its write-ahead log `path.wal` and the spill directory `path.tmp`. */
export class DuckdbIndexFile implements IndexFile {
  readonly #path: string;
  readonly #indexOptions: DuckdbQueryIndexOptions;

  constructor({ path, memoryBytesMax, threadCount }: IndexFileOptions) {
    this.#path = path;
    this.#indexOptions = { memoryBytesMax, threadCount, temporaryDirectory: `${path}.tmp` };
  }

  /** Throws when the directory cannot be written or another process has the file open. */
  async open(): Promise<{ readonly index: QueryIndex; readonly unusable?: GantryError }> {
    await mkdir(dirname(this.#path), { recursive: true });
    let unusable: GantryError | undefined;
    if (await exists(this.#path)) {
      try {
        return { index: await DuckdbQueryIndex.open(this.#path, this.#indexOptions) };
      } catch (error) {
        if (isDuckdbLocked(error)) throw error;
        unusable = toGantryError(error);
        await this.setAside();
      }
    }
    // A log without its file is left of a start that was cut short.
    await rm(`${this.#path}.wal`, { recursive: true, force: true });
    const index = await DuckdbQueryIndex.create(this.#path, this.#indexOptions);
    return unusable === undefined ? { index } : { index, unusable };
  }

  async setAside(): Promise<void> {
    const aside = `${this.#path}.damaged`;
    for (const suffix of ['', '.wal']) {
      await rm(aside + suffix, { recursive: true, force: true });
      if (await exists(this.#path + suffix)) await rename(this.#path + suffix, aside + suffix);
    }
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
