import assert from 'node:assert/strict';
import { test } from 'node:test';
import { proposeContexts } from '#src/dimse/query-retrieve/c-move-scp.js';
import { chooseContext } from '#src/dimse/query-retrieve/instance-sender.js';

const ct = '1.2.840.10008.5.1.4.1.1.2';
const implicit = '1.2.840.10008.1.2';
const explicit = '1.2.840.10008.1.2.1';
const bigEndian = '1.2.840.10008.1.2.2';
const rle = '1.2.840.10008.1.2.5';

function contexts(...transferSyntaxUids: readonly string[]) {
  return transferSyntaxUids.map((transferSyntaxUid, index) => ({
    ...{ contextId: 2 * index + 1, abstractSyntaxUid: ct, transferSyntaxUid },
  }));
}

test('PS3.4 §C.4.2.3: an instance goes as stored, else rewritten, else not at all', () => {
  const choose = (stored: string, ...agreed: readonly string[]) =>
    chooseContext(contexts(...agreed), ct, stored)?.transferSyntaxUid;
  assert.equal(choose(rle, explicit, rle), rle);
  assert.equal(choose(implicit, explicit, implicit), implicit);
  assert.equal(choose(implicit, rle, explicit), explicit);
  assert.equal(choose(rle, explicit), undefined);
  assert.equal(choose(bigEndian, explicit), undefined);
  assert.equal(chooseContext(contexts(explicit), '1.2.3', explicit), undefined);
});

test('PS3.8 §9.3.2: one context for each class and transfer syntax, 128 at most', () => {
  const proposed = proposeContexts(new Map([[ct, new Set([explicit, rle])]]));
  assert.deepEqual(
    proposed.map(({ transferSyntaxUids }) => transferSyntaxUids),
    [[explicit], [rle], [implicit]],
  );
  const many = Array.from({ length: 200 }, (_, n) => [`1.2.${n}`, new Set([rle])] as const);
  assert.equal(proposeContexts(new Map(many)).length, 128);
});
