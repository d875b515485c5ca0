import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';

import { limits } from '#engine/base/limits.js';
import type { ByteSource } from '#engine/dicom/instance/byte-source.js';
import { describeInstance } from '#engine/dicom/instance/describe-instance.js';
import { buildPart10, grayImage, sampleIdentifiers } from '#test/helpers/dicom-builder.js';
import { describeCode } from '#test/helpers/describe.js';

const identifiers = sampleIdentifiers();
const start = buildPart10({ elements: identifiers });

/** An explicit VR little endian element header; `length` of 32 bits. */
function header(tag: number, vr: string, length: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt16LE(tag >>> 16, 0);
  bytes.writeUInt16LE(tag & 0xffff, 2);
  bytes.write(vr, 4, 'latin1');
  bytes.writeUInt32LE(length, 8);
  return bytes;
}

function item(element: number, length: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(0xfffe, 0);
  bytes.writeUInt16LE(element, 2);
  bytes.writeUInt32LE(length, 4);
  return bytes;
}

const after = (...parts: readonly Uint8Array[]): Uint8Array => Buffer.concat([start, ...parts]);
const undefinedLength = 0xffffffff;
const sequenceTag = 0x00400275;

test('declared lengths of 4 GB allocate nothing', async () => {
  const before = process.memoryUsage().arrayBuffers;
  for (const vr of ['OB', 'OW', 'UT', 'UC', 'UN', 'SV']) {
    assert.equal(await describeCode(after(header(0x00400001, vr, 0xfffffffe))), 'truncated', vr);
  }
  assert.equal(await describeCode(after(header(0x00400001, 'UR', 0xfffffffe))), 'limit-exceeded');
  const fragment = [header(0x7fe00010, 'OB', undefinedLength), item(0xe000, 0)];
  assert.equal(await describeCode(after(...fragment, item(0xe000, 0xfffffffe))), 'truncated');
  assert.equal(await describeCode(after(...fragment, item(0xe000, undefinedLength))), 'malformed');
  const table = [header(0x7fe00010, 'OB', undefinedLength), item(0xe000, 0xfffffffe)];
  assert.equal(await describeCode(after(...table)), 'limit-exceeded');
  assert.equal(await describeCode(after(header(0x7fe00001, 'OV', 80_000_000))), 'truncated');
  assert.ok(process.memoryUsage().arrayBuffers - before < 16 * 1024 * 1024);
});

test('sequences nested 100,000 deep exceed the limit', async () => {
  const level = Buffer.concat([
    header(sequenceTag, 'SQ', undefinedLength),
    item(0xe000, undefinedLength),
  ]);
  const deep = Buffer.concat(Array.from({ length: 100_000 }, () => level));
  assert.equal(await describeCode(after(deep)), 'limit-exceeded');
  const allowed = Array.from({ length: limits.sequenceDepthMax }, () => level);
  const ends = allowed.map(() => Buffer.concat([item(0xe00d, 0), item(0xe0dd, 0)]));
  assert.equal(await describeCode(after(...allowed, ...ends)), 'ok');
});

test('what is opened and never closed is truncated', async () => {
  const sequence = header(sequenceTag, 'SQ', undefinedLength);
  assert.equal(await describeCode(after(sequence)), 'truncated');
  assert.equal(await describeCode(after(sequence, item(0xe000, undefinedLength))), 'truncated');
  const pixels = [header(0x7fe00010, 'OB', undefinedLength), item(0xe000, 0)];
  assert.equal(await describeCode(after(...pixels)), 'truncated');
});

test('contents that leave their container are malformed', async () => {
  const inItem = (content: Uint8Array, length: number): Uint8Array =>
    after(header(sequenceTag, 'SQ', 8 + length), item(0xe000, length), content);
  assert.equal(await describeCode(inItem(header(0x00400001, 'OB', 100), 12)), 'malformed');
  assert.equal(await describeCode(inItem(header(sequenceTag, 'SQ', 9), 12)), 'malformed');
  assert.equal(
    await describeCode(after(header(sequenceTag, 'SQ', 8), item(0xe000, 9))),
    'malformed',
  );
  assert.equal(
    await describeCode(after(header(sequenceTag, 'SQ', 12), header(0x00080001, 'OB', 0))),
    'malformed',
  );
  assert.equal(await describeCode(after(item(0xe000, 0))), 'malformed');
  assert.equal(await describeCode(after(header(0x00400001, 'UT', undefinedLength))), 'malformed');
});

test('bytes that are not DICOM are refused', async () => {
  for (const bytes of [
    new Uint8Array(0),
    new Uint8Array(10_000),
    Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
    Buffer.from('MZ'.padEnd(4096, '\x90')),
  ]) {
    assert.equal(await describeCode(bytes), 'not-dicom');
  }
});

test('a file cut anywhere gives an error of the catalogue', async () => {
  for (const transferSyntaxUid of [
    '1.2.840.10008.1.2',
    '1.2.840.10008.1.2.4.90',
    '1.2.840.10008.1.2.1.99',
  ]) {
    const isEncapsulated = transferSyntaxUid.endsWith('.90');
    const bytes = buildPart10({
      transferSyntaxUid,
      sequences: 'delimited',
      elements: {
        ...identifiers,
        ...grayImage(2, 2, 8),
        RequestAttributesSequence: [{ ScheduledProcedureStepID: 'S1' }],
      },
      pixelData: isEncapsulated ? { frames: [Buffer.from('abcd')] } : Buffer.from('abcd'),
    });
    assert.equal(await describeCode(bytes), 'ok');
    for (let length = 0; length < bytes.length; length++) {
      const code = await describeCode(bytes.subarray(0, length));
      const expected = ['not-dicom', 'truncated', 'identifier-missing', 'ok'];
      assert.ok(expected.includes(code), `${code} at ${length}`);
      if (length > bytes.length - 4) assert.equal(code, 'truncated');
    }
  }
});

test('a deflate bomb is stopped', async () => {
  const head = buildPart10({ elements: identifiers, transferSyntaxUid: '1.2.840.10008.1.2.1.99' });
  const metaEnd = head.length - deflateLength();
  const dataSet = Buffer.concat([
    buildPart10({ elements: identifiers, omit: 'file-meta' }),
    header(0x00420011, 'OB', 64 * 1024 * 1024),
    Buffer.alloc(64 * 1024 * 1024),
  ]);
  const bomb = Buffer.concat([head.subarray(0, metaEnd), deflateRawSync(dataSet)]);
  assert.equal(await describeCode(bomb), 'limit-exceeded');
});

function deflateLength(): number {
  return deflateRawSync(buildPart10({ elements: identifiers, omit: 'file-meta' })).length;
}

test('bulk values of a source are never read', async () => {
  const length = 3 * 1024 * 1024 * 1024;
  const bytes = after(header(0x7fe00010, 'OW', length));
  let readBytes = 0;
  const source: ByteSource = {
    length: bytes.length + length,
    chunkAt(position) {
      assert.ok(position < bytes.length, 'read inside the pixel data');
      readBytes += bytes.length - position;
      return bytes.subarray(position);
    },
  };
  const result = await describeInstance(source);
  assert.ok(result.ok);
  assert.equal(readBytes, bytes.length);
});
