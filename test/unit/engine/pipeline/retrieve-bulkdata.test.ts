import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { GantryError } from '#engine/base/error-catalogue.js';
import type { BlobSource } from '#engine/engine-types.js';
import type { InstanceLayouts } from '#engine/pipeline/instance-layouts.js';
import type { BlobRangeReader } from '#engine/pipeline/read-blob.js';
import { retrieveBulkValue } from '#engine/pipeline/retrieve-bulkdata.js';
import { instanceRecord } from '#test/helpers/record-builder.js';

const path = '7FE00010';
/** Where the value lies in the data set. */
const offset = 1000;

/** A value of a deflated data set that holds `value`, which is said to have `length` bytes. */
function deflatedValue(
  value: Uint8Array,
  length = value.length,
): { readonly source: BlobSource; readonly stored: Buffer; bytesRead(): number } {
  const stored = deflateRawSync(Buffer.concat([Buffer.alloc(offset), value]), { level: 0 });
  let bytesRead = 0;
  const reader = {
    read: (_: unknown, position: number, target: Uint8Array) => {
      bytesRead += target.length;
      target.set(stored.subarray(position, position + target.length));
      return target.length;
    },
  } as unknown as BlobRangeReader;
  const layout = {
    deflated: true,
    dataSetOffset: 0,
    bulkValues: [{ path, vr: 'OW', offset, length }],
  };
  const record = instanceRecord('1', '2', '3', 1);
  const address = {
    partition: 0,
    record: { ...record, blob: { ...record.blob, length: stored.length } },
    path,
  };
  const layouts = { layoutOf: () => layout } as unknown as InstanceLayouts;
  const source = retrieveBulkValue(reader, layouts, address)!;
  return { source, stored, bytesRead: () => bytesRead };
}

const value = Buffer.alloc(4 * 1024 * 1024);
for (let at = 0; at < value.length; at++) value[at] = (at * 31) >> 7;

test('a value of a deflated data set is inflated once, however many pieces it is read in', async () => {
  const { source, stored, bytesRead } = deflatedValue(value);
  const pieces: Buffer[] = [];
  for (let at = 0; at < source.length;) {
    const piece = Buffer.alloc(100_000);
    const count = await source.read(at, piece);
    assert.equal(count, Math.min(piece.length, source.length - at));
    pieces.push(piece.subarray(0, count));
    at += count;
  }
  assert.ok(Buffer.concat(pieces).equals(value));
  assert.ok(bytesRead() <= stored.length, `${bytesRead()} bytes read of ${stored.length}`);
});

test('pieces of a deflated value are had in any order', async () => {
  const { source } = deflatedValue(value);
  for (const at of [3_000_000, 17, value.length - 5, 0]) {
    const piece = Buffer.alloc(50);
    const count = await source.read(at, piece);
    assert.deepEqual(piece.subarray(0, count), value.subarray(at, at + 50));
  }
});

test('a deflated data set that ends before its value is corrupt', async () => {
  const { source } = deflatedValue(value.subarray(0, 1000), 2000);
  await assert.rejects(
    async () => source.read(500, Buffer.alloc(1500)),
    (error: unknown) => error instanceof GantryError && error.code === 'corrupt',
  );
});
