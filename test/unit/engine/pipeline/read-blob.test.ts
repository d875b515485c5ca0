import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { BlockChecksummer, checksumBlockBytes } from '#engine/base/block-checksums.js';
import { BlobChecksums } from '#engine/pipeline/blob-checksums.js';
import { BlobRangeReader, type BlobAddress } from '#engine/pipeline/read-blob.js';
import type { BlobReader } from '#engine/store/blob/blob-store.js';
import {
  decodeBlockChecksumPage,
  encodeBlockChecksums,
} from '#engine/store/catalog/block-checksums-codec.js';
import { CatalogReader } from '#engine/store/catalog/catalog-reader.js';
import { instanceRecord } from '#test/helpers/record-builder.js';

interface Blob {
  readonly bytes: Buffer;
  readonly reader: BlobRangeReader;
  readonly address: BlobAddress;
  readonly damaged: string[];
}

/** A reader of one blob in memory, of which `damage` may change bytes after its checksums were taken. */
function blobOf(length: number, prefixLength: number, isSlow = false): Blob {
  const bytes = Buffer.from(Array.from({ length }, (_, n) => (n * 31 + (n >> 8)) & 255));
  const checksums = new BlockChecksummer();
  checksums.add(bytes.subarray(prefixLength));
  const pages = encodeBlockChecksums(bytes.subarray(0, prefixLength), checksums.finish());
  const readSync: BlobReader['readSync'] = (_, position, target) => {
    // Longer than a disk may take before the reader turns to asynchronous reads.
    for (const start = performance.now(); isSlow && performance.now() - start < 5;);
    return bytes.copy(target, 0, position);
  };
  const blobs: BlobReader = {
    readSync,
    read: (_, position, target) => Promise.resolve(bytes.copy(target, 0, position)),
    forgetFile: () => undefined,
    close: () => undefined,
  };
  class Catalog extends CatalogReader {
    override readBlockChecksums(_: number, __: unknown, page: number) {
      const value = pages[page];
      return value === undefined ? undefined : decodeBlockChecksumPage(value);
    }
  }
  const catalog = new Catalog(undefined as never);
  const damaged: string[] = [];
  const blob = { store: 'segment', segment: 1, offset: 0, length, crc32: crc32(bytes) } as const;
  return {
    bytes,
    address: { partition: 0, record: { ...instanceRecord('1', '2', '3', 4), blob } },
    damaged,
    reader: new BlobRangeReader({
      blobs,
      checksums: new BlobChecksums(catalog),
      damage: { note: (_, detail) => void damaged.push(detail), refuseKnown: () => undefined },
    }),
  };
}

const lengths = fc.oneof(
  fc.integer({ min: 1, max: 3 * checksumBlockBytes }),
  fc.integer({ min: 300_000, max: 700_000 }),
);

test('any range reads as it was written; one that shares a block with a flipped bit is refused', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({ length: lengths, prefix: fc.constantFrom(0, 1, 400), isSlow: fc.boolean() }),
      fc.tuple(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
      ),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async ({ length, prefix, isSlow }, [from, to], place) => {
        const prefixLength = Math.min(prefix, length - 1);
        const blob = blobOf(length, prefixLength, isSlow);
        const start = Math.floor(from * (length - 1));
        const end = start + 1 + Math.floor(to * (length - 1 - start));
        const original = Buffer.from(blob.bytes);
        const read = async (): Promise<Buffer> => {
          const target = Buffer.alloc(end - start);
          assert.equal(await blob.reader.read(blob.address, start, target), target.length);
          return target;
        };
        assert.ok((await read()).equals(original.subarray(start, end)));
        const flipped = Math.floor(place * (length - 1));
        blob.bytes[flipped]! ^= 1;
        if (flipped >= start && flipped < end) {
          await assert.rejects(read, { code: 'corrupt' });
          assert.equal(blob.damaged.length, 1);
          return;
        }
        // Outside the range: refused or right, never wrong.
        const result = await read().catch((error: { code: string }) => error.code);
        assert.ok(result === 'corrupt' || original.subarray(start, end).equals(result as Buffer));
      },
    ),
    { numRuns: 60 },
  );
});

test('a range that reaches beyond its blob is damage', () => {
  const { reader, address } = blobOf(100, 0);
  assert.throws(() => reader.read(address, 90, Buffer.alloc(20)), { code: 'corrupt' });
});

test('pieces that are as long as advised begin and end where blocks do', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({ length: lengths, prefix: fc.constantFrom(0, 1, 400) }),
      fc.integer({ min: 3000, max: 200_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async ({ length, prefix }, bytesMax, from) => {
        const prefixLength = Math.min(prefix, length - 1);
        const { reader, address, bytes } = blobOf(length, prefixLength);
        let position = Math.floor(from * (length - 1));
        while (position < length) {
          const room = Math.min(bytesMax, length - position);
          const advised = reader.wholeBlocksBytes(address, position, room);
          assert.ok(advised >= 0 && advised <= room);
          const end = position + advised;
          const isBorder = end === prefixLength || (end - prefixLength) % checksumBlockBytes === 0;
          assert.ok(advised === 0 || isBorder || end === length, `${position} to ${end}`);
          const target = Buffer.alloc(advised === 0 ? room : advised);
          await reader.read(address, position, target);
          assert.ok(target.equals(bytes.subarray(position, position + target.length)));
          position += target.length;
        }
      },
    ),
    { numRuns: 15 },
  );
});
