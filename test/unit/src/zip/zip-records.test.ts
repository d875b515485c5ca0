import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  centralDirectoryHeader,
  endOfCentralDirectory,
  localFileHeader,
  type ZipEntry,
} from '#src/zip/zip-records.js';

const entry: ZipEntry = {
  name: '1.2/3.dcm',
  length: 1000,
  crc32: 0x89abcdef,
  modifiedAtMs: Date.UTC(2026, 10, 28, 13, 14, 16),
};
const large = { ...entry, length: 5 * 2 ** 30 };

test('APPNOTE §4.3.7: a local header says all of a small entry, without extra fields', () => {
  const header = localFileHeader(entry);
  assert.equal(header.length, 30 + entry.name.length);
  assert.equal(header.readUInt32LE(0), 0x04034b50);
  assert.deepEqual(
    [header.readUInt16LE(4), header.readUInt16LE(6), header.readUInt16LE(8)],
    [20, 0, 0],
  );
  assert.equal(header.readUInt16LE(10), (13 << 11) | (14 << 5) | 8);
  assert.equal(header.readUInt16LE(12), (46 << 9) | (11 << 5) | 28);
  assert.equal(header.readUInt32LE(14), 0x89abcdef);
  assert.deepEqual([header.readUInt32LE(18), header.readUInt32LE(22)], [1000, 1000]);
  assert.equal(header.toString('latin1', 30), '1.2/3.dcm');
});

test('APPNOTE §4.5.3: lengths and offsets beyond 32 bits are in a ZIP64 field', () => {
  const local = localFileHeader(large);
  assert.equal(local.readUInt32LE(18), 0xffffffff);
  const extra = local.subarray(30 + entry.name.length);
  assert.deepEqual([extra.readUInt16LE(0), extra.readUInt16LE(2)], [1, 16]);
  assert.equal(extra.readBigUInt64LE(4), BigInt(large.length));
  const far = centralDirectoryHeader(entry, 6 * 2 ** 30);
  assert.equal(far.readUInt32LE(42), 0xffffffff);
  assert.equal(far.readBigUInt64LE(46 + entry.name.length + 4), BigInt(6 * 2 ** 30));
  assert.equal(centralDirectoryHeader(large, 6 * 2 ** 30).length, 46 + entry.name.length + 4 + 24);
});

test('APPNOTE §4.3.14: the end has its ZIP64 form only where it needs one', () => {
  assert.equal(endOfCentralDirectory(3, 1000, 200).length, 22);
  for (const [count, offset, length] of [
    [70_000, 1000, 200],
    [3, 5 * 2 ** 30, 200],
  ] as const) {
    const end = endOfCentralDirectory(count, offset, length);
    assert.equal(end.length, 56 + 20 + 22);
    assert.equal(end.readUInt32LE(0), 0x06064b50);
    assert.deepEqual(
      [end.readBigUInt64LE(32), end.readBigUInt64LE(40), end.readBigUInt64LE(48)],
      [BigInt(count), BigInt(length), BigInt(offset)],
    );
    assert.equal(end.readUInt32LE(56), 0x07064b50);
    assert.equal(end.readBigUInt64LE(64), BigInt(offset + length));
    assert.equal(end.readUInt32LE(76), 0x06054b50);
  }
});

test('times before 1980 have no place in an archive and become its beginning', () => {
  const header = localFileHeader({ ...entry, modifiedAtMs: 0 });
  assert.equal(header.readUInt16LE(12), (1 << 5) | 1);
});
