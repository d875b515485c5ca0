import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { GantryError } from '#engine/base/error-catalogue.js';

/** Where a frame lies in its file, in bytes. */
export interface DerivedFrame {
  readonly offset: number;
  readonly length: number;
  readonly crc: number;
}

/** Behind the frames: length u32 and CRC-32 of each, then the trailer. */
const entryBytes = 8;
/** Frames u32, sequence of the record f64, CRC-32 of the entries u32, mark u32; little endian. */
const trailerBytes = 20;
const mark = 0x31_46_44_47;

/** What stands at the end of a file of derived frames. */
export function writeDerivedIndex(
  sequence: number,
  frames: readonly Omit<DerivedFrame, 'offset'>[],
): Buffer {
  const entries = Buffer.alloc(frames.length * entryBytes);
  frames.forEach(({ length, crc }, n) => {
    entries.writeUInt32LE(length, n * entryBytes);
    entries.writeUInt32LE(crc, n * entryBytes + 4);
  });
  const trailer = Buffer.alloc(trailerBytes);
  trailer.writeUInt32LE(frames.length, 0);
  trailer.writeDoubleLE(sequence, 4);
  trailer.writeUInt32LE(crc32(entries), 12);
  trailer.writeUInt32LE(mark, 16);
  return Buffer.concat([entries, trailer]);
}

/** Reads it from a file of `fileBytes`. Throws `corrupt` for what is not complete. */
export async function readDerivedIndex(
  file: FileHandle,
  fileBytes: number,
): Promise<{ readonly sequence: number; readonly frames: DerivedFrame[] }> {
  const trailer = await readExactly(file, fileBytes - trailerBytes, trailerBytes);
  const frameCount = trailer.readUInt32LE(0);
  const entriesAt = fileBytes - trailerBytes - frameCount * entryBytes;
  if (trailer.readUInt32LE(16) !== mark || entriesAt < 0) throw damaged();
  const entries = await readExactly(file, entriesAt, frameCount * entryBytes);
  if (crc32(entries) !== trailer.readUInt32LE(12)) throw damaged();
  let offset = 0;
  const frames = Array.from({ length: frameCount }, (_, n): DerivedFrame => {
    const length = entries.readUInt32LE(n * entryBytes);
    const frame = { offset, length, crc: entries.readUInt32LE(n * entryBytes + 4) };
    offset += length;
    return frame;
  });
  if (offset !== entriesAt) throw damaged();
  return { sequence: trailer.readDoubleLE(4), frames };
}

async function readExactly(file: FileHandle, position: number, length: number): Promise<Buffer> {
  if (position < 0) throw damaged();
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await file.read(bytes, 0, length, position);
  if (bytesRead < length) throw damaged();
  return bytes;
}

function damaged(): GantryError {
  return new GantryError('corrupt', 'a file of derived frames is damaged');
}
