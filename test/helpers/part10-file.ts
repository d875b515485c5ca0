import { readFileSync } from 'node:fs';

/** A Part 10 file split at the end of its File Meta Information. */
export interface Part10File {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly transferSyntaxUid: string;
  readonly dataSet: Buffer;
}

const metaOffset = 132;

/** Reads a well-formed Part 10 file (PS3.10 §7.1). */
export function readPart10File(path: string): Part10File {
  return part10Of(readFileSync(path));
}

/** As `readPart10File`, of bytes in memory. */
export function part10Of(bytes: Buffer): Part10File {
  const meta = new Map<number, string>();
  let position = metaOffset;
  while (position + 8 <= bytes.length && bytes.readUInt16LE(position) === 0x0002) {
    const vr = bytes.toString('latin1', position + 4, position + 6);
    const isLong = vr === 'OB' || vr === 'UN' || vr === 'UT';
    const length = isLong ? bytes.readUInt32LE(position + 8) : bytes.readUInt16LE(position + 6);
    const start = position + (isLong ? 12 : 8);
    const text = bytes.toString('latin1', start, start + length).replace(/[\0 ]+$/, '');
    meta.set(bytes.readUInt16LE(position + 2), text);
    position = start + length;
  }
  return {
    sopClassUid: meta.get(0x0002) ?? '',
    sopInstanceUid: meta.get(0x0003) ?? '',
    transferSyntaxUid: meta.get(0x0010) ?? '',
    dataSet: bytes.subarray(position),
  };
}
