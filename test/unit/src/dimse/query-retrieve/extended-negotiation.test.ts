import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  answerExtendedNegotiation,
  negotiatedOptions,
} from '#src/dimse/query-retrieve/extended-negotiation.js';

const studyRootFind = '1.2.840.10008.5.1.4.1.2.2.1';
const studyRootMove = '1.2.840.10008.5.1.4.1.2.2.2';

function answer(sopClassUid: string, ...proposed: number[]): number[] | undefined {
  const information = answerExtendedNegotiation(sopClassUid, Uint8Array.from(proposed));
  return information === undefined ? undefined : [...information];
}

test('PS3.4 §C.5.1.1: of the fields proposed for C-FIND those that are supported', () => {
  assert.deepEqual(answer(studyRootFind, 1), [1]);
  assert.deepEqual(answer(studyRootFind, 0, 1, 0), [0, 1, 0]);
  assert.deepEqual(answer(studyRootFind, 1, 1, 1, 1, 1), [1, 1, 1, 0, 0]);
  assert.deepEqual(answer(studyRootFind, 1, 1, 1, 1, 1, 1, 1), [1, 1, 1, 0, 0]);
  assert.deepEqual(answer(studyRootFind, 2), [0]);
});

test('PS3.4 §C.5.2.1: relational retrieval for C-MOVE', () => {
  assert.deepEqual(answer(studyRootMove, 1, 1), [1, 0]);
});

test('other service classes are not answered', () => {
  assert.equal(answer('1.2.840.10008.1.1', 1), undefined);
});

test('without an answer nothing is in effect', () => {
  const none = { isRelational: false, isDateTimeCombined: false, isFuzzy: false };
  assert.deepEqual(negotiatedOptions(undefined), none);
  assert.deepEqual(negotiatedOptions(Uint8Array.of(1)), { ...none, isRelational: true });
});
