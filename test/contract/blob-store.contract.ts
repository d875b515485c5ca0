import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { crc32 } from 'node:zlib';
import { GantryError } from '#engine/base/error-catalogue.js';
import type { BlobReader, BlobRecord } from '#engine/store/blob/blob-store.js';
import type { BlobLocator } from '#engine/store/catalog/catalog-records.js';
import { buildParsedInstance } from '#test/helpers/parsed-instance-builder.js';

/** A blob store with its reader; `write` does for a group what the committer does. */
export interface BlobStoreHarness {
  readonly reader: BlobReader;
  write(records: readonly BlobRecord[]): BlobLocator[];
}

let lastSequence = 0;

/** A record of `length` bytes, which begin with a prefix of `prefixLength` and come in extents of `extentLength`. */
function recordOf(length: number, prefixLength: number, extentLength: number): BlobRecord {
  lastSequence += 1;
  const blob = Buffer.alloc(length);
  for (let n = 0; n < length; n++) blob[n] = (n * 31 + (n >> 8) + lastSequence) & 255;
  const extents: Uint8Array[] = [];
  const shared = new Uint8Array(new SharedArrayBuffer(length));
  shared.set(blob);
  for (let at = prefixLength; at < length; at += extentLength) {
    extents.push(shared.subarray(at, Math.min(at + extentLength, length)));
  }
  return {
    partition: 0,
    identifiers: buildParsedInstance(blob).identifiers,
    transferSyntaxUid: '1.2.840.10008.1.2.1',
    sequence: lastSequence,
    createdAtMs: 1_700_000_000_000,
    prefix: blob.subarray(0, prefixLength),
    extents,
    length,
    crc32: crc32(blob),
  };
}

function bytesOf(record: BlobRecord): Buffer {
  return Buffer.concat([record.prefix, ...record.extents]);
}

function readAll(reader: BlobReader, locator: BlobLocator): Buffer {
  const target = Buffer.alloc(locator.length);
  assert.equal(reader.readSync(locator, 0, target), locator.length);
  return target;
}

/** What every adapter of `BlobStore` and its reader must do. */
export function blobStoreContract(
  name: string,
  createHarness: (t: TestContext) => Promise<BlobStoreHarness>,
): void {
  test(`${name}: a blob is read back as it was written`, async (t) => {
    const { write, reader } = await createHarness(t);
    for (const length of [0, 1, 511, 4096, 70_001, 3 * 1024 * 1024 + 5]) {
      const record = recordOf(length, Math.min(length, 300), 65_536);
      const [locator] = write([record]);
      assert.equal(locator!.length, length);
      assert.equal(locator!.crc32, record.crc32);
      assert.deepEqual(readAll(reader, locator!), bytesOf(record));
    }
  });

  test(`${name}: the blobs of a group do not touch each other`, async (t) => {
    const { write, reader } = await createHarness(t);
    const records = Array.from({ length: 40 }, (_, n) => recordOf(n * 997, n % 7, 1000));
    const locators = write(records);
    assert.equal(locators.length, records.length);
    records.forEach((record, n) => {
      assert.deepEqual(readAll(reader, locators[n]!), bytesOf(record));
    });
  });

  test(`${name}: groups follow one another`, async (t) => {
    const { write, reader } = await createHarness(t);
    const records = Array.from({ length: 12 }, () => recordOf(100_000, 0, 7000));
    const locators = records.map((record) => write([record])[0]!);
    records.forEach((record, n) => {
      assert.deepEqual(readAll(reader, locators[n]!), bytesOf(record));
    });
    assert.deepEqual(write([]), []);
  });

  test(`${name}: more extents than one system call takes are written`, async (t) => {
    const { write, reader } = await createHarness(t);
    const record = recordOf(25_000, 10, 7);
    const [locator] = write([record]);
    assert.deepEqual(readAll(reader, locator!), bytesOf(record));
  });

  test(`${name}: a part of a blob is read, never what lies behind it`, async (t) => {
    const { write, reader } = await createHarness(t);
    const record = recordOf(2 * 1024 * 1024 + 100, 200, 65_536);
    const [locator] = write([record, recordOf(50_000, 0, 50_000)]);
    const expected = bytesOf(record);
    for (const [position, length] of [
      [0, 10],
      [150, 100],
      [1024 * 1024 - 5, 10],
      [record.length - 10, 100],
      [record.length, 10],
      [record.length + 5, 10],
    ] as const) {
      const target = Buffer.alloc(length);
      const piece = expected.subarray(position, position + length);
      assert.equal(reader.readSync(locator!, position, target), piece.length);
      assert.deepEqual(target.subarray(0, piece.length), piece);
      target.fill(0);
      assert.equal(await reader.read(locator!, position, target), piece.length);
      assert.deepEqual(target.subarray(0, piece.length), piece);
    }
  });

  test(`${name}: bytes can be read into shared memory`, async (t) => {
    const { write, reader } = await createHarness(t);
    const record = recordOf(10_000, 0, 10_000);
    const [locator] = write([record]);
    const target = new Uint8Array(new SharedArrayBuffer(10_000));
    assert.equal(reader.readSync(locator!, 0, target), 10_000);
    assert.deepEqual(Buffer.from(target), bytesOf(record));
  });

  test(`${name}: a locator of a blob that is not there is corrupt`, async (t) => {
    const { write, reader } = await createHarness(t);
    const [locator] = write([recordOf(10_000, 0, 10_000)]);
    const missing = { ...locator!, segment: 77, offset: 123_456_789 };
    const isCorrupt = (error: unknown): boolean =>
      error instanceof GantryError && error.code === 'corrupt';
    assert.throws(() => reader.readSync(missing, 0, Buffer.alloc(10)), isCorrupt);
    await assert.rejects(async () => reader.read(missing, 0, Buffer.alloc(10)), isCorrupt);
  });
}
