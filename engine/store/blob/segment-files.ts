import { fsyncSync, openSync, closeSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Files of the blob log, in one directory. Every number is used once.
 *
 * `00000001.seg` many records, appended · `00000002.big` one record · `00000001.new` zeros, to become a segment
 */
export type SegmentKind = 'seg' | 'big' | 'new';

export interface SegmentFile {
  readonly number: number;
  readonly kind: SegmentKind;
  readonly path: string;
}

const namePattern = /^(\d{8,10})\.(seg|big|new)$/;

export function segmentPath(directory: string, number: number, kind: SegmentKind): string {
  return join(directory, `${String(number).padStart(8, '0')}.${kind}`);
}

export function listSegmentFiles(directory: string): SegmentFile[] {
  const files: SegmentFile[] = [];
  for (const name of readdirSync(directory)) {
    const match = namePattern.exec(name);
    if (match === null) continue;
    files.push({
      number: Number(match[1]),
      kind: match[2] as SegmentKind,
      path: join(directory, name),
    });
  }
  return files.sort((a, b) => a.number - b.number);
}

/** Makes created, renamed and removed names in `directory` durable. An error is final, as that of `syncData` is. */
export function syncDirectory(directory: string): void {
  const fd = openSync(directory, 'r');
  try {
    fsyncSync(fd);
  } catch (cause) {
    throw new Error('a directory could not be synced', { cause });
  } finally {
    closeSync(fd);
  }
}

/** Hands out file numbers, each once in the life of the data directory as far as its files tell. */
export class SegmentNumbers {
  #last: number;

  constructor(directory: string, lastUsed: number) {
    this.#last = listSegmentFiles(directory)
      .filter((file) => file.kind !== 'new')
      .reduce((last, file) => Math.max(last, file.number), lastUsed);
  }

  take(): number {
    this.#last += 1;
    return this.#last;
  }
}
