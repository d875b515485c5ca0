import { fdatasyncSync, renameSync, writeFileSync, writevSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncDirectory } from './segment-files.js';

/** Buffers that one `writev` takes: IOV_MAX of Linux. */
const buffersMax = 1024;

/** Writes all of `buffers`, one after another, from `position`; a short write is continued. */
export function writeAllSync(fd: number, buffers: readonly Uint8Array[], position: number): void {
  let at = position;
  for (let start = 0; start < buffers.length; start += buffersMax) {
    const rest = buffers.slice(start, start + buffersMax);
    while (rest.length > 0) {
      const written = writevSync(fd, rest, at);
      at += written;
      dropWritten(rest, written);
    }
  }
}

/**
 * Makes what was written to the file durable. An error is final, whatever its cause, and so carries no code of its own: after a
 * failed sync nobody knows which pages reached the disk, and a second sync may claim success without writing them.
 */
export function syncData(fd: number): void {
  try {
    fdatasyncSync(fd);
  } catch (cause) {
    throw new Error('a segment file could not be synced', { cause });
  }
}

/** Replaces a small file by `text`, readable by its owner only: after a crash it holds the old text or the new, whole. */
export function replaceFileSync(path: string, text: string): void {
  const draft = `${path}.draft`;
  writeFileSync(draft, text, { mode: 0o600, flush: true });
  renameSync(draft, path);
  syncDirectory(dirname(path));
}

/** Removes the first `count` bytes of `buffers`. */
function dropWritten(buffers: Uint8Array[], count: number): void {
  let left = count;
  let whole = 0;
  while (whole < buffers.length && buffers[whole]!.length <= left) {
    left -= buffers[whole]!.length;
    whole += 1;
  }
  buffers.splice(0, whole);
  if (left > 0) buffers[0] = buffers[0]!.subarray(left);
}
