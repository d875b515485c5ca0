import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ParsedInstance } from '#engine/dicom/instance/parsed-instance.js';
import { packInstance } from '#engine/workers/pack-instance.js';

/** Bytes that lie in a buffer larger than they are, as those of zlib and of Node's pool do. */
function loose(text: string): Uint8Array {
  const buffer = Buffer.alloc(4096);
  buffer.write(text, 100);
  return buffer.subarray(100, 100 + text.length);
}

const instance: ParsedInstance = {
  identifiers: {
    studyInstanceUid: '1.2',
    seriesInstanceUid: '1.3',
    sopInstanceUid: '1.4',
    sopClassUid: '1.5',
  },
  transferSyntaxUid: '1.2.840.10008.1.2.1',
  prefix: loose('prefix'),
  attributesJson: '{}',
  metadata: {
    json: loose('{"00080005":{}}'),
    uriOffsets: [3],
    pieces: [
      { blocks: loose('first'), textBytes: 3, crc32: 1 },
      { blocks: loose('second'), textBytes: 12, crc32: 2 },
    ],
  },
  layout: {
    transferSyntaxUid: '1.2.840.10008.1.2.1',
    dataSetOffset: 0,
    deflated: false,
    pixel: { kind: 'none' },
    bulkValues: [],
  },
  frameTable: new Uint8Array(0),
  warnings: [],
  crc32: 3,
  blockChecksums: loose('sums'),
};

function bytesOf({ prefix, metadata, frameTable, blockChecksums }: ParsedInstance): Uint8Array[] {
  const blocks = (metadata.pieces ?? []).map((piece) => piece.blocks);
  return [prefix, metadata.json, ...blocks, frameTable, blockChecksums];
}

test('what a packed instance holds is one buffer of the size of its bytes', () => {
  const packed = packInstance(instance);
  const parts = bytesOf(packed);
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  assert.deepEqual(new Set(parts.map(({ buffer }) => buffer)).size, 1);
  assert.equal(packed.prefix.buffer.byteLength, length);
});

test('a packed instance says what the instance said', () => {
  const packed = packInstance(instance);
  assert.deepEqual(
    bytesOf(packed).map((part) => Buffer.from(part).toString()),
    bytesOf(instance).map((part) => Buffer.from(part).toString()),
  );
  const { prefix: _, metadata, frameTable: __, blockChecksums: ___, ...rest } = packed;
  assert.deepEqual({ ...instance, ...rest }, instance);
  assert.deepEqual(metadata.uriOffsets, [3]);
  assert.deepEqual(
    metadata.pieces?.map(({ textBytes, crc32 }) => [textBytes, crc32]),
    [
      [3, 1],
      [12, 2],
    ],
  );
});
