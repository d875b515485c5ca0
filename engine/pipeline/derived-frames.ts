import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { GantryError } from '#engine/base/error-catalogue.js';
import { LruCache } from '#engine/base/lru-cache.js';
import type { InstanceKey, InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import type { FreeSpace } from '#engine/store/free-space.js';
import { readDerivedIndex, writeDerivedIndex, type DerivedFrame } from './derived-index.js';
import type { FrameAddress } from './retrieve-frames.js';

const fileSuffix = '.frames';
const draftSuffix = '.draft';
const positionFile = 'POSITION';
/** Indexes of files that are kept in memory. */
const indexesMax = 256;

interface OpenIndex {
  readonly sequence: number;
  readonly frames: readonly DerivedFrame[];
}

type FreeSpaceTaker = Pick<FreeSpace, 'take'>;

/**
 * Frames that were encoded ahead, in a folder of its own: a file for each instance, those used last within `bytesMax`. Nothing
 * depends on it: a file that is missing, damaged or of another state of its instance counts as absent, and is not synced.
 */
export class DerivedFrames {
  readonly #directory: string;
  readonly #bytesMax: number;
  readonly #freeSpace: FreeSpaceTaker | undefined;
  /** Bytes of each file; what was used last stands last. */
  readonly #files = new Map<string, number>();
  readonly #indexes = new LruCache<string, OpenIndex>(indexesMax);
  #bytes = 0;

  private constructor(directory: string, bytesMax: number, freeSpace?: FreeSpaceTaker) {
    this.#directory = directory;
    this.#bytesMax = bytesMax;
    this.#freeSpace = freeSpace;
  }

  /** Takes up what the folder holds. `freeSpace` is asked before anything is written. Rejects as the file system does. */
  static async open(
    directory: string,
    bytesMax: number,
    freeSpace?: FreeSpaceTaker,
  ): Promise<DerivedFrames> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const derived = new DerivedFrames(directory, bytesMax, freeSpace);
    const found: { readonly name: string; readonly size: number; readonly mtimeMs: number }[] = [];
    for (const name of await readdir(directory)) {
      const path = join(directory, name);
      if (name.endsWith(draftSuffix)) await rm(path, { force: true });
      else if (name.endsWith(fileSuffix)) found.push({ name, ...(await sizeAndTime(path)) });
    }
    found.sort((a, b) => a.mtimeMs - b.mtimeMs);
    for (const { name, size } of found) derived.#add(name, size);
    await derived.#makeRoom(0);
    return derived;
  }

  /** Bytes on disk, what is being written included. */
  get bytes(): number {
    return this.#bytes;
  }

  get bytesMax(): number {
    return this.#bytesMax;
  }

  /** The codestream of a frame; undefined when there is none of this state of the instance. */
  async find({ partition, record, frameNumber }: FrameAddress): Promise<Uint8Array | undefined> {
    const name = nameOf(partition, record);
    const size = this.#files.get(name);
    if (size === undefined) return undefined;
    this.#files.delete(name);
    this.#files.set(name, size);
    try {
      const file = await open(join(this.#directory, name));
      try {
        return await this.#read(file, { name, size, record, frameNumber });
      } finally {
        await file.close();
      }
    } catch {
      await this.#remove(name);
      return undefined;
    }
  }

  /** Whether the frames of this state of the instance are there. */
  async has(partition: number, record: InstanceRecord): Promise<boolean> {
    return (await this.find({ partition, record, frameNumber: 1 })) !== undefined;
  }

  /**
   * Keeps the frames that `frames` brings, in place of what there was of the instance. Rejects as `frames` and the file system
   * do, with `out-of-resources` when they are more than the folder may hold, and with `storage-full` when the disk has no more than
   * its reserve; nothing is kept then.
   */
  async keep(
    partition: number,
    record: InstanceRecord,
    frames: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    const name = nameOf(partition, record);
    await this.#remove(name);
    const draft = `${name}${draftSuffix}`;
    const file = await open(join(this.#directory, draft), 'w', 0o600);
    this.#add(draft, 0);
    try {
      const written: DerivedFrame[] = [];
      let offset = 0;
      for await (const frame of frames) {
        await this.#append(file, draft, frame);
        written.push({ offset, length: frame.length, crc: crc32(frame) });
        offset += frame.length;
      }
      await this.#append(file, draft, writeDerivedIndex(record.sequence, written));
    } catch (error) {
      await this.#remove(draft);
      throw error;
    } finally {
      await file.close();
    }
    await rename(join(this.#directory, draft), join(this.#directory, name));
    this.#files.set(name, this.#files.get(draft)!);
    this.#files.delete(draft);
  }

  /** Forgets what there is of an instance. */
  remove(partition: number, key: InstanceKey): Promise<void> {
    return this.#remove(nameOf(partition, key));
  }

  /** Up to which sequence the change log was followed; 0 in a new folder. */
  async readPosition(): Promise<number> {
    const text = await readFile(join(this.#directory, positionFile), 'utf8').catch(() => '0');
    return Number.isSafeInteger(Number(text)) ? Number(text) : 0;
  }

  async writePosition(sequence: number): Promise<void> {
    await writeFile(join(this.#directory, positionFile), `${sequence}\n`, { mode: 0o600 });
  }

  async #read(
    file: FileHandle,
    wanted: {
      readonly name: string;
      readonly size: number;
      readonly record: InstanceRecord;
      readonly frameNumber: number;
    },
  ): Promise<Uint8Array | undefined> {
    let index = this.#indexes.get(wanted.name);
    if (index === undefined) {
      index = await readDerivedIndex(file, wanted.size);
      this.#indexes.set(wanted.name, index);
    }
    const frame = index.frames[wanted.frameNumber - 1];
    if (index.sequence !== wanted.record.sequence || frame === undefined) return undefined;
    const bytes = new Uint8Array(frame.length);
    const { bytesRead } = await file.read(bytes, 0, frame.length, frame.offset);
    if (bytesRead === frame.length && crc32(bytes) === frame.crc) return bytes;
    throw new GantryError('corrupt', 'a derived frame is damaged');
  }

  async #append(file: FileHandle, name: string, bytes: Uint8Array): Promise<void> {
    await this.#makeRoom(bytes.length, name);
    this.#freeSpace?.take(bytes.length);
    await file.write(bytes);
    this.#files.set(name, (this.#files.get(name) ?? 0) + bytes.length);
    this.#bytes += bytes.length;
  }

  /** Removes what was used longest ago until `bytes` more fit in. */
  async #makeRoom(bytes: number, kept = ''): Promise<void> {
    for (const oldest of this.#files.keys()) {
      if (this.#bytes + bytes <= this.#bytesMax) return;
      if (oldest !== kept) await this.#remove(oldest);
    }
    if (this.#bytes + bytes > this.#bytesMax) {
      throw new GantryError('out-of-resources', 'the derived frames do not fit');
    }
  }

  #add(name: string, size: number): void {
    this.#files.set(name, size);
    this.#bytes += size;
  }

  async #remove(name: string): Promise<void> {
    this.#bytes -= this.#files.get(name) ?? 0;
    this.#files.delete(name);
    this.#indexes.delete(name);
    await rm(join(this.#directory, name), { force: true });
  }
}

/** The same for every state of an instance, and without its UIDs: names of files are seen by others. */
function nameOf(partition: number, key: InstanceKey): string {
  const { studyInstanceUid, seriesInstanceUid, sopInstanceUid } = key;
  const text = [partition, studyInstanceUid, seriesInstanceUid, sopInstanceUid].join('/');
  return `${createHash('sha256').update(text).digest('hex').slice(0, 40)}${fileSuffix}`;
}

async function sizeAndTime(path: string): Promise<{ size: number; mtimeMs: number }> {
  const { size, mtimeMs } = await stat(path);
  return { size, mtimeMs };
}
