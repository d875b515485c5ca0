import assert from 'node:assert/strict';
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { recordHeaderBytes, writeRecordHeader } from '#engine/store/blob/record-header.js';
import { scanSegment } from '#engine/store/blob/segment-scan.js';
import { buildParsedInstance } from '#test/helpers/parsed-instance-builder.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

/** A record as the blob log lays it out. */
function recordBytes(sop: string, blob: Buffer): Buffer {
  const { identifiers, transferSyntaxUid } = buildParsedInstance(blob, { sop });
  const bytes = Buffer.alloc(Math.ceil((recordHeaderBytes + blob.length) / 4096) * 4096);
  const record = {
    partition: 0,
    identifiers,
    transferSyntaxUid,
    sequence: 1,
    createdAtMs: 0,
    prefix: Buffer.alloc(0),
    extents: [],
    length: blob.length,
    crc32: crc32(blob),
  };
  writeRecordHeader(bytes, record, recordHeaderBytes);
  blob.copy(bytes, recordHeaderBytes);
  return bytes;
}

test('all records of a segment are found without the catalogue, also behind damage', () => {
  const path = join(temporaryDirectory(), '00000001.seg');
  const records = [10, 5000, 100_000, 0, 3].map((length, n) =>
    recordBytes(`1.${n}`, Buffer.alloc(length, n + 1)),
  );
  writeFileSync(path, Buffer.concat([...records, Buffer.alloc(1024 * 1024)]));
  const found = [...scanSegment(path)];
  assert.deepEqual(
    found.map(({ header, isIntact }) => [header.sopInstanceUid, header.blobLength, isIntact]),
    [
      ['1.0', 10, true],
      ['1.1', 5000, true],
      ['1.2', 100_000, true],
      ['1.3', 0, true],
      ['1.4', 3, true],
    ],
  );

  const fd = openSync(path, 'r+');
  writeSync(fd, Buffer.from([9]), 0, 1, found[1]!.blobPosition + 4000);
  writeSync(fd, Buffer.from([9]), 0, 1, found[2]!.blobPosition - recordHeaderBytes + 30);
  closeSync(fd);
  assert.deepEqual(
    [...scanSegment(path)].map(({ header, isIntact }) => [header.sopInstanceUid, isIntact]),
    [
      ['1.0', true],
      ['1.1', false],
      ['1.3', true],
      ['1.4', true],
    ],
  );
});
