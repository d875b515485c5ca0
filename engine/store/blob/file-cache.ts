import { closeSync, openSync } from 'node:fs';

interface OpenFile {
  readonly fd: number;
  userCount: number;
  isEvicted: boolean;
}

/** Files open for reading, the least recently used closed first; a file in use is closed when its last user is done. */
export class FileCache {
  readonly #files = new Map<string, OpenFile>();
  readonly #filesMax: number;

  constructor(filesMax: number) {
    this.#filesMax = filesMax;
  }

  /** Runs `use` with the file, which stays open until the result, or its promise, is there. */
  with<T>(path: string, use: (fd: number) => T): T {
    const file = this.#open(path);
    file.userCount += 1;
    const done = (): void => {
      file.userCount -= 1;
      if (file.isEvicted && file.userCount === 0) closeSync(file.fd);
    };
    try {
      const result = use(file.fd);
      if (result instanceof Promise) return result.finally(done) as T;
      done();
      return result;
    } catch (error) {
      done();
      throw error;
    }
  }

  /** Closes the file as soon as nobody uses it. */
  forget(path: string): void {
    this.#evict(path);
  }

  close(): void {
    for (const path of [...this.#files.keys()]) this.#evict(path);
  }

  #open(path: string): OpenFile {
    const known = this.#files.get(path);
    if (known !== undefined) {
      // A Map keeps the order of insertion: the first is the one not used for longest.
      this.#files.delete(path);
      this.#files.set(path, known);
      return known;
    }
    if (this.#files.size >= this.#filesMax) this.#evict(this.#files.keys().next().value!);
    const file: OpenFile = { fd: openSync(path, 'r'), userCount: 0, isEvicted: false };
    this.#files.set(path, file);
    return file;
  }

  #evict(path: string): void {
    const file = this.#files.get(path);
    if (file === undefined) return;
    this.#files.delete(path);
    file.isEvicted = true;
    if (file.userCount === 0) closeSync(file.fd);
  }
}
