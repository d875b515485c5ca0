/**
 * The records of a ZIP archive (APPNOTE 6.3) whose entries are stored, not compressed: images hardly shrink, and an archive whose
 * sizes and checksums are known beforehand has a known length, and ranges. The fields of ZIP64 (§4.5.3) are used where a
 * value needs them.
 */
export interface ZipEntry {
  /** Path with `/`, ASCII. */
  readonly name: string;
  /** Bytes of the content. */
  readonly length: number;
  /** CRC-32 (ISO 3309) of the content. */
  readonly crc32: number;
  readonly modifiedAtMs: number;
}

const localSignature = 0x04034b50;
const centralSignature = 0x02014b50;
const endSignature = 0x06054b50;
const end64Signature = 0x06064b50;
const locator64Signature = 0x07064b50;
const zip64ExtraId = 1;
/** 4.5: the first that knows ZIP64; 2.0 knows folders. */
const versions = { zip64: 45, plain: 20 };
const max16 = 0xffff;
const max32 = 0xffffffff;

/** What stands in front of the content of an entry. */
export function localFileHeader(entry: ZipEntry): Buffer {
  const extra = entry.length >= max32 ? zip64Extra([entry.length, entry.length]) : noExtra;
  const head = Buffer.alloc(30);
  head.writeUInt32LE(localSignature, 0);
  writeDescription(head.subarray(4), entry, extra);
  return Buffer.concat([head, Buffer.from(entry.name, 'latin1'), extra]);
}

/** The entry's record in the central directory; `offset` is that of its local header in the archive. */
export function centralDirectoryHeader(entry: ZipEntry, offset: number): Buffer {
  const sizes = entry.length >= max32 ? [entry.length, entry.length] : [];
  const large = [...sizes, ...(offset >= max32 ? [offset] : [])];
  const extra = large.length > 0 ? zip64Extra(large) : noExtra;
  const head = Buffer.alloc(46);
  head.writeUInt32LE(centralSignature, 0);
  head.writeUInt16LE(versions.zip64, 4);
  writeDescription(head.subarray(6), entry, extra);
  head.writeUInt32LE(Math.min(offset, max32), 42);
  return Buffer.concat([head, Buffer.from(entry.name, 'latin1'), extra]);
}

/** What ends the archive; `offset` is where the central directory begins, and `length` its bytes. */
export function endOfCentralDirectory(count: number, offset: number, length: number): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(endSignature, 0);
  end.writeUInt16LE(Math.min(count, max16), 8);
  end.writeUInt16LE(Math.min(count, max16), 10);
  end.writeUInt32LE(Math.min(length, max32), 12);
  end.writeUInt32LE(Math.min(offset, max32), 16);
  if (count < max16 && offset < max32 && length < max32) return end;
  const end64 = Buffer.alloc(56 + 20);
  end64.writeUInt32LE(end64Signature, 0);
  writeUint64(end64, 44, 4);
  end64.writeUInt16LE(versions.zip64, 12);
  end64.writeUInt16LE(versions.zip64, 14);
  writeUint64(end64, count, 24);
  writeUint64(end64, count, 32);
  writeUint64(end64, length, 40);
  writeUint64(end64, offset, 48);
  end64.writeUInt32LE(locator64Signature, 56);
  writeUint64(end64, offset + length, 64);
  end64.writeUInt32LE(1, 72);
  return Buffer.concat([end64, end]);
}

/** The fields that both headers have, from `version needed` on. */
function writeDescription(target: Buffer, entry: ZipEntry, extra: Buffer): void {
  const { time, date } = dosTime(entry.modifiedAtMs);
  const length = Math.min(entry.length, max32);
  target.writeUInt16LE(extra.length > 0 ? versions.zip64 : versions.plain, 0);
  target.writeUInt16LE(time, 6);
  target.writeUInt16LE(date, 8);
  target.writeUInt32LE(entry.crc32, 10);
  target.writeUInt32LE(length, 14);
  target.writeUInt32LE(length, 18);
  target.writeUInt16LE(entry.name.length, 22);
  target.writeUInt16LE(extra.length, 24);
}

const noExtra = Buffer.alloc(0);

function zip64Extra(values: readonly number[]): Buffer {
  const extra = Buffer.alloc(4 + 8 * values.length);
  extra.writeUInt16LE(zip64ExtraId, 0);
  extra.writeUInt16LE(8 * values.length, 2);
  for (const [index, value] of values.entries()) writeUint64(extra, value, 4 + 8 * index);
  return extra;
}

function writeUint64(target: Buffer, value: number, at: number): void {
  target.writeBigUInt64LE(BigInt(value), at);
}

/** MS-DOS date and time, two seconds fine, from 1980 on; in UTC, so that an archive is the same everywhere. */
function dosTime(timeMs: number): { readonly time: number; readonly date: number } {
  const moment = new Date(Math.max(timeMs, Date.UTC(1980, 0, 1)));
  const date =
    ((moment.getUTCFullYear() - 1980) << 9) |
    ((moment.getUTCMonth() + 1) << 5) |
    moment.getUTCDate();
  const time =
    (moment.getUTCHours() << 11) |
    (moment.getUTCMinutes() << 5) |
    Math.floor(moment.getUTCSeconds() / 2);
  return { time, date: Math.min(date, max16) };
}
