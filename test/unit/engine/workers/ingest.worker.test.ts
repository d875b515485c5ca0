import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { crc32 } from 'node:zlib';

import { Piscina } from 'piscina';

import type {
  Extent,
  ParseRequest,
  ParseResult,
  ParseTask,
} from '#engine/threads/task-messages.js';
import {
  buildDataSet,
  buildPart10,
  grayImage,
  sampleIdentifiers,
} from '#test/helpers/dicom-builder.js';

const arena = new SharedArrayBuffer(4 * 1024 * 1024);
const arenaBytes = new Uint8Array(arena);
const pool = new Piscina<ParseTask, ParseResult[]>({
  filename: new URL('../../../../engine/workers/ingest.worker.js', import.meta.url).href,
  minThreads: 1,
  maxThreads: 1,
  workerData: { arena },
});
after(() => pool.destroy());

/** Lays bytes into the arena in pieces of `pieceBytes`, with gaps between them. */
function place(bytes: Uint8Array, pieceBytes = bytes.length): ParseRequest['source'] {
  const extents: Extent[] = [];
  let offset = 4096;
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const piece = bytes.subarray(at, at + pieceBytes);
    arenaBytes.set(piece, offset);
    extents.push({ offset, length: piece.length });
    offset += piece.length + 512;
  }
  return { kind: 'arena', extents, length: bytes.length };
}

async function parse(request: ParseRequest): Promise<ParseResult> {
  const [result] = await pool.run({ instances: [request] });
  assert.ok(result);
  return result;
}

const identifiers = sampleIdentifiers();
const elements = { ...identifiers, ...grayImage(100, 100, 16) };
const image = { elements, pixelData: new Uint8Array(20_000).fill(9) };

test('bytes in the arena are described and summed', async () => {
  const bytes = buildPart10(image);
  for (const pieceBytes of [bytes.length, 1000]) {
    const result = await parse({ source: place(bytes, pieceBytes) });
    assert.ok(result.ok);
    assert.equal(result.instance.crc32, crc32(bytes));
    assert.equal(result.instance.identifiers.sopInstanceUid, identifiers.SOPInstanceUID);
  }
});

test('PS3.10 §7.5 a preamble that is not a TIFF is zeroed before the sum is taken', async () => {
  const harmless = buildPart10(image);
  const executable = buildPart10({ ...image, preamble: Buffer.from('MZ\x90\x00 an executable') });
  const result = await parse({ source: place(executable, 100) });
  assert.ok(result.ok);
  assert.equal(result.instance.crc32, crc32(harmless));
  for (const magic of ['II*\0', 'MM\0*', 'II+\0', 'MM\0+']) {
    const tiff = buildPart10({ ...image, preamble: Buffer.from(magic, 'latin1') });
    const kept = await parse({ source: place(tiff, 100) });
    assert.ok(kept.ok);
    assert.equal(kept.instance.crc32, crc32(tiff), magic);
  }
});

test('a file is read where it lies, its sum is left to its owner', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'gantry-ingest-'));
  try {
    const file = path.join(folder, 'spill');
    const bytes = buildPart10({ ...image, pixelData: new Uint8Array(1_000_000) });
    writeFileSync(file, Buffer.concat([Buffer.alloc(4096, 1), bytes, Buffer.alloc(100, 1)]));
    const source = { kind: 'file' as const, path: file, offset: 4096, length: bytes.length };
    const result = await parse({ source });
    assert.ok(result.ok);
    assert.equal(result.instance.crc32, 0);
    const inArena = await parse({ source: place(bytes) });
    assert.ok(inArena.ok);
    assert.deepEqual(result.instance, {
      ...inArena.instance,
      crc32: 0,
      blockChecksums: new Uint8Array(0),
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('each instance of a task has its own outcome', async () => {
  const good = buildDataSet(image, '1.2.840.10008.1.2');
  const dataSet = {
    transferSyntaxUid: '1.2.840.10008.1.2',
    sopClassUid: identifiers.SOPClassUID,
    sopInstanceUid: identifiers.SOPInstanceUID,
    callingAeTitle: 'CT1',
  };
  const source = place(good);
  const missing = { kind: 'file' as const, path: '/nonexistent', offset: 0, length: 10 };
  const results = await pool.run({
    instances: [
      { source, dataSet },
      { source, dataSet: { ...dataSet, sopInstanceUid: '1.2.9' } },
      { source: missing },
    ],
  });
  assert.deepEqual(
    results.map((result) => (result.ok ? 'ok' : result.code)),
    ['ok', 'sop-mismatch', 'processing-failure'],
  );
  const [, mismatch] = results;
  assert.ok(mismatch?.ok === false);
  assert.equal(mismatch.sopInstanceUid, identifiers.SOPInstanceUID);
});
