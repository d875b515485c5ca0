import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { GantryError } from '#engine/base/error-catalogue.js';
import { decodeChange, encodeChange } from '#engine/store/catalog/change-codec.js';
import * as metadata from '#engine/store/catalog/metadata-codec.js';
import * as records from '#engine/store/catalog/record-codec.js';

/** Ordinary objects, as JSON.parse and the decoders make them. */
const plain = { noNullPrototype: true } as const;

const uid = fc.constantFrom('1.2.3', '1.2.840.10008.1.2.1', '2.25.1');
const attributes = fc.dictionary(
  fc.constantFrom('00100010', '00100020', '00080060'),
  fc.record({ vr: fc.constant('LO'), Value: fc.array(fc.string({ unit: 'grapheme' })) }, plain),
  plain,
);
const count = fc.nat({ max: 0xffff_ffff });
const head = { sequence: fc.maxSafeNat(), createdAtMs: fc.maxSafeNat(), attributes };
const key = { studyInstanceUid: '1.2', seriesInstanceUid: '1.2.3', sopInstanceUid: '1.2.3.4' };

const isCorrupt = (error: unknown): boolean =>
  error instanceof GantryError && error.code === 'corrupt';

test('a study record survives encoding', () => {
  const record = fc.record(
    {
      ...head,
      studyInstanceUid: uid,
      seriesCount: count,
      instanceCount: count,
      modalities: fc.array(fc.string()),
      sopClassUids: fc.array(uid),
      storedBytes: fc.maxSafeNat(),
    },
    plain,
  );
  fc.assert(
    fc.property(record, (study) => {
      const bytes = records.encodeStudyRecord(study);
      assert.deepEqual(records.decodeStudyRecord(study.studyInstanceUid, bytes), study);
    }),
  );
});

test('a series record survives encoding', () => {
  const record = fc.record(
    {
      ...head,
      studyInstanceUid: uid,
      seriesInstanceUid: uid,
      instanceCount: count,
      sopClassCounts: fc.dictionary(uid, count, plain),
      storedBytes: fc.maxSafeNat(),
    },
    plain,
  );
  fc.assert(
    fc.property(record, (series) => {
      assert.deepEqual(
        records.decodeSeriesRecord(series, records.encodeSeriesRecord(series)),
        series,
      );
    }),
  );
});

test('an instance record survives encoding', () => {
  const record = fc.record(
    {
      ...head,
      studyInstanceUid: uid,
      seriesInstanceUid: uid,
      sopInstanceUid: uid,
      transferSyntaxUid: uid,
      blob: fc.record(
        {
          store: fc.constantFrom('segment' as const, 'file' as const, 'value' as const),
          segment: count,
          offset: fc.maxSafeNat(),
          length: fc.maxSafeNat(),
          crc32: count,
        },
        plain,
      ),
    },
    plain,
  );
  fc.assert(
    fc.property(record, (instance) => {
      const bytes = records.encodeInstanceRecord(instance);
      assert.deepEqual(records.decodeInstanceRecord(instance, bytes), instance);
    }),
  );
});

test('a record of an unknown version or cut short is corrupt', () => {
  assert.throws(() => records.decodeStudyRecord('1.2', Buffer.alloc(0)), isCorrupt);
  assert.throws(() => records.decodeInstanceRecord(key, Buffer.alloc(100, 7)), isCorrupt);
});

test('a change record survives encoding', () => {
  const change = fc.record(
    {
      sequence: fc.maxSafeNat(),
      partition: count,
      action: fc.constant('create' as const),
      timeMs: fc.maxSafeNat(),
      studyInstanceUid: uid,
      seriesInstanceUid: uid,
      sopInstanceUid: uid,
    },
    plain,
  );
  fc.assert(
    fc.property(change, (entry) => {
      assert.deepEqual(decodeChange(entry.sequence, encodeChange(entry)), entry);
    }),
  );
});

test('a metadata document survives encoding; any flipped bit is detected', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 1000 }),
      fc.array(fc.nat({ max: 1000 }), { maxLength: 5 }),
      fc.nat(),
      (json, places, where) => {
        const uriOffsets = places.map((place) => place % (json.length + 1)).sort((a, b) => a - b);
        const value = metadata.encodeMetadata({ json, uriOffsets });
        const decoded = metadata.decodeMetadata(value);
        assert.deepEqual(Buffer.from(decoded.json), Buffer.from(json));
        assert.deepEqual(decoded.uriOffsets, uriOffsets);
        value[where % value.length]! ^= 1 << (where & 7);
        assert.throws(() => metadata.decodeMetadata(value), isCorrupt);
      },
    ),
  );
});

test('a metadata document that was stored as plain text is still read', () => {
  const content = Buffer.concat([Buffer.from([1, 0, 0, 0, 3, 0, 0, 0]), Buffer.from('{"a":1}')]);
  const value = Buffer.concat([Buffer.from([1]), Buffer.alloc(4), content]);
  value.writeUInt32LE(crc32(content), 1);
  const { json, uriOffsets, pieces } = metadata.decodeMetadata(value);
  assert.equal(Buffer.from(json).toString(), '{"a":1}');
  assert.deepEqual(uriOffsets, [3]);
  assert.equal(pieces, undefined);
});

test('layouts and frame table pages survive encoding and detect damage', () => {
  const layout = {
    transferSyntaxUid: '1.2.840.10008.1.2.1',
    dataSetOffset: 350,
    deflated: false,
    pixel: { kind: 'native', offset: 900, length: 64, frameCount: 2, frameBits: 256 },
    bulkValues: [{ path: '7FE00010', vr: 'OW', offset: 900, length: 64 }],
  } as const;
  const value = metadata.encodeLayout(layout);
  assert.deepEqual(metadata.decodeLayout(value), layout);
  value[20]! ^= 1;
  assert.throws(() => metadata.decodeLayout(value), isCorrupt);

  const page = metadata.encodeFrameTablePage(Buffer.alloc(32, 5));
  assert.deepEqual(metadata.decodeFrameTablePage(page), Buffer.alloc(32, 5));
  page[6]! ^= 1;
  assert.throws(() => metadata.decodeFrameTablePage(page), isCorrupt);
});
