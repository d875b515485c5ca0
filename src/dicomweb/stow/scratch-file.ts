import { open, unlink, type FileHandle } from 'node:fs/promises';
import { mkdirSync, read } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { GantryError } from '#engine/base/error-catalogue.js';

/** What is kept in memory; more goes to a file. */
const memoryBytesMax = 256 * 1024;
/** Bytes on their way to the file at which the sender is asked to pause, and to go on. */
const pendingBytesMax = 4 * 1024 * 1024;

/** Where settled bytes lie, for another thread: a file descriptor is one of the whole process. */
export type ScratchContent = { readonly fd: number } | { readonly bytes: Uint8Array };

/**
 * Bytes of a request that wait until all of it has come. The file has no name any more as soon as it is open, so that nothing is
 * left of it whatever happens to the process.
 */
export class ScratchFile {
  readonly #directory: string;
  readonly #onDrain: () => void;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #length = 0;
  #handle: FileHandle | undefined;
  #writing: Promise<void> | undefined;
  #failure: GantryError | undefined;
  #isPauseAsked = false;
  #isClosed = false;

  /** `onDrain` is called when bytes can be taken again after `append` said no. */
  constructor(directory: string, onDrain: () => void) {
    this.#directory = directory;
    this.#onDrain = onDrain;
  }

  get length(): number {
    return this.#length;
  }

  /** Copies the bytes; false asks for a pause. */
  append(bytes: Uint8Array): boolean {
    if (this.#failure !== undefined || this.#isClosed) return true;
    this.#waiting.push(Buffer.from(bytes));
    this.#waitingBytes += bytes.length;
    this.#length += bytes.length;
    if (this.#length > memoryBytesMax) this.#writing ??= this.#write();
    this.#isPauseAsked ||= this.#waitingBytes >= pendingBytesMax;
    return !this.#isPauseAsked;
  }

  /** Resolves when all that was appended can be read. Rejects with `storage-full` or `store-unavailable`. */
  async settle(): Promise<void> {
    await this.#writing;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** What has settled; valid until `close`. */
  content(): ScratchContent {
    if (this.#handle !== undefined) return { fd: this.#handle.fd };
    // Put together once: a request may have thousands of values, each of which is read by itself.
    if (this.#waiting.length !== 1) this.#waiting = [Buffer.concat(this.#waiting)];
    return { bytes: this.#waiting[0]! };
  }

  /** Reads bytes that have settled: as many as `target` takes. */
  async read(position: number, target: Uint8Array): Promise<void> {
    await readScratch(this.content(), position, target);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#writing;
    await this.#handle?.close();
    this.#handle = undefined;
    this.#waiting = [];
  }

  /** Writes until nothing waits. Never rejects. */
  async #write(): Promise<void> {
    try {
      this.#handle ??= await openUnnamed(this.#directory);
      while (this.#waiting.length > 0 && !this.#isClosed) {
        const batch = this.#waiting;
        const bytes = this.#waitingBytes;
        this.#waiting = [];
        await writeAll(this.#handle, batch);
        this.#waitingBytes -= bytes;
        if (this.#waitingBytes < pendingBytesMax) this.#drain();
      }
    } catch (cause) {
      const isFull = (cause as NodeJS.ErrnoException).code === 'ENOSPC';
      this.#failure = new GantryError(isFull ? 'storage-full' : 'store-unavailable', '', { cause });
      this.#waiting = [];
      this.#waitingBytes = 0;
      this.#drain();
    }
    this.#writing = undefined;
  }

  #drain(): void {
    if (!this.#isPauseAsked) return;
    this.#isPauseAsked = false;
    this.#onDrain();
  }
}

const readFd = promisify(read);

/** Reads as many bytes as `target` takes; they must be there. */
export async function readScratch(
  content: ScratchContent,
  position: number,
  target: Uint8Array,
): Promise<void> {
  if ('bytes' in content) {
    target.set(content.bytes.subarray(position, position + target.length));
    return;
  }
  for (let done = 0; done < target.length;) {
    const left = target.length - done;
    const { bytesRead } = await readFd(content.fd, target, done, left, position + done);
    if (bytesRead === 0) throw new GantryError('processing-failure', 'a scratch file is short');
    done += bytesRead;
  }
}

async function openUnnamed(directory: string): Promise<FileHandle> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, `${randomUUID()}.tmp`);
  const handle = await open(path, 'wx+', 0o600);
  await unlink(path);
  return handle;
}

/** Appends: `writev` may write less than it was given. */
async function writeAll(handle: FileHandle, pieces: readonly Buffer[]): Promise<void> {
  const bytes = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done);
    done += bytesWritten;
  }
}
