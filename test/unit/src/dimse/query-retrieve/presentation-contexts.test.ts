import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GantryError } from '#engine/base/error-catalogue.js';
import { proposeContexts } from '#src/dimse/query-retrieve/c-move-scp.js';
import { chooseContext } from '#src/dimse/query-retrieve/instance-sender.js';

const ct = '1.2.840.10008.5.1.4.1.1.2';
const implicit = '1.2.840.10008.1.2';
const explicit = '1.2.840.10008.1.2.1';
const bigEndian = '1.2.840.10008.1.2.2';
const rle = '1.2.840.10008.1.2.5';
const jpegBaseline = '1.2.840.10008.1.2.4.50';
const jpegLs = '1.2.840.10008.1.2.4.80';
const video = '1.2.840.10008.1.2.4.102';

function contexts(...transferSyntaxUids: readonly string[]) {
  return transferSyntaxUids.map((transferSyntaxUid, index) => ({
    ...{ contextId: 2 * index + 1, abstractSyntaxUid: ct, transferSyntaxUid },
  }));
}

test('PS3.4 §C.4.2.3: an instance goes as stored, else decoded, else compressed without loss', () => {
  const choose = (stored: string, ...agreed: readonly string[]) =>
    chooseContext(contexts(...agreed), ct, {
      transferSyntaxUid: stored,
      refusalOf: (uid) => (stored === video ? `no ${uid}` : undefined),
    }).transferSyntaxUid;
  assert.equal(choose(rle, explicit, rle), rle);
  assert.equal(choose(implicit, explicit, implicit), implicit);
  assert.equal(choose(implicit, rle, explicit), explicit);
  assert.equal(choose(bigEndian, jpegLs, implicit, explicit), explicit);
  assert.equal(choose(rle, jpegBaseline, jpegLs), jpegLs);
  assert.equal(choose(video, explicit, video), video);
  assert.throws(() => choose(rle, jpegBaseline), { detail: /no presentation context/ });
  assert.throws(() => choose(video, explicit), { detail: `no ${explicit}` });
  const stored = { transferSyntaxUid: explicit, refusalOf: () => undefined };
  assert.throws(() => chooseContext(contexts(explicit), '1.2.3', stored), GantryError);
});

test('PS3.8 §9.3.2: one context for each class and transfer syntax, 128 at most', () => {
  const proposed = proposeContexts(new Map([[ct, new Set([explicit, rle])]]));
  assert.deepEqual(
    proposed.map(({ transferSyntaxUids }) => transferSyntaxUids),
    [[explicit], [rle], [implicit]],
  );
  const compressed = proposeContexts(
    new Map([
      [ct, new Set([rle])],
      ['1.2.3', new Set([jpegLs, implicit, explicit])],
    ]),
  );
  assert.deepEqual(
    compressed.map(({ transferSyntaxUids }) => transferSyntaxUids),
    [[rle], [jpegLs], [implicit], [explicit], [explicit, implicit]],
  );
  const many = Array.from({ length: 200 }, (_, n) => [`1.2.${n}`, new Set([rle])] as const);
  const cut = proposeContexts(new Map(many));
  assert.equal(cut.length, 128);
  assert.ok(cut.every(({ transferSyntaxUids }) => transferSyntaxUids[0] === rle));
});
