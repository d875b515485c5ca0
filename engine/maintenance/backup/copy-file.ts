import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { GantryError } from '#engine/base/error-catalogue.js';
import type { SteppedWork } from '../throttle.js';

const stepBytes = 4 * 1024 * 1024;

/** Copies the first `bytes` bytes of a file and syncs them; the copy has its name only when it is whole. */
export function* copyFile(source: string, target: string, bytes: number): SteppedWork<void> {
  const draft = `${target}.draft`;
  const from = openSync(source, 'r');
  try {
    const to = openSync(draft, 'w', 0o600);
    try {
      const buffer = Buffer.allocUnsafe(Math.min(stepBytes, Math.max(1, bytes)));
      for (let at = 0; at < bytes;) {
        const count = readSync(from, buffer, 0, Math.min(buffer.length, bytes - at), at);
        if (count === 0) throw new GantryError('corrupt', `${source} ends before it should`);
        for (let done = 0; done < count;) {
          done += writeSync(to, buffer, done, count - done, at + done);
        }
        at += count;
        yield count;
      }
      fsyncSync(to);
    } finally {
      closeSync(to);
    }
  } finally {
    closeSync(from);
  }
  renameSync(draft, target);
}

/**
 * A second name for a file that never changes again, where the file system allows it; false where it does not. What had the name
 * before is replaced.
 */
export function linkFile(source: string, target: string): boolean {
  const draft = `${target}.draft`;
  rmSync(draft, { force: true });
  try {
    linkSync(source, draft);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EXDEV' || code === 'EPERM' || code === 'EMLINK' || code === 'ENOTSUP')
      return false;
    throw error;
  }
  renameSync(draft, target);
  // Two names of one file: the rename did nothing, and the draft is still there.
  rmSync(draft, { force: true });
  return true;
}

/** Size of a file, -1 when there is none. */
export function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).size : -1;
}
