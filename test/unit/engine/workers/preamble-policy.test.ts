import assert from 'node:assert/strict';
import { test } from 'node:test';

import { sanitizePreamble } from '#engine/workers/preamble-policy.js';
import { buildPart10, sampleIdentifiers } from '#test/helpers/dicom-builder.js';

const elements = sampleIdentifiers();
const withPreamble = (text: string): Uint8Array =>
  buildPart10({ elements, preamble: Buffer.from(text, 'latin1') });

test('PS3.10 §7.5 an executable preamble is zeroed over any pieces', () => {
  const clean = buildPart10({ elements });
  for (const size of [1, 100, 128, 4096]) {
    const bytes = withPreamble('#!/bin/sh'.padEnd(128, 'x'));
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
    sanitizePreamble(pieces);
    assert.deepEqual(bytes, clean);
  }
});

test('a TIFF header is kept, something like it is not', () => {
  const cases = [
    ['II*\0', true],
    ['MM\0*', true],
    ['II+\0', true],
    ['MM\0+', true],
    ['II\0*', false],
    ['IM*\0', false],
  ] as const;
  for (const [magic, isKept] of cases) {
    const bytes = withPreamble(magic);
    sanitizePreamble([bytes]);
    assert.equal(bytes[0] !== 0, isKept, magic);
  }
});

test('bytes without a preamble are left alone, even with DICM at its place', () => {
  const bare = buildPart10({
    elements: { ...elements, InstitutionName: 'DICM'.repeat(40) },
    omit: 'file-meta',
  });
  const at = Buffer.from(bare).indexOf('DICM');
  bare.copyWithin(128, at, at + 4);
  const before = bare.slice();
  sanitizePreamble([bare]);
  assert.deepEqual(bare, before);
  sanitizePreamble([new Uint8Array(0)]);
});
