import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SubOperations } from '#src/dimse/query-retrieve/sub-operations.js';
import { instanceRecord } from '#test/helpers/record-builder.js';

const record = instanceRecord('1.1', '1.2', '1.3', 1);
const failed = { result: 'failed', reason: 'C-STORE status a700' } as const;

function statusAfter(...outcomes: readonly ('completed' | 'warning' | 'failed')[]): number {
  const progress = new SubOperations(outcomes.length);
  for (const result of outcomes) {
    progress.count(record, result === 'failed' ? failed : { result });
  }
  return progress.final().elements.status;
}

test('PS3.4 Table C.4-2: the final status follows from the counters', () => {
  assert.equal(statusAfter(), 0x0000);
  assert.equal(statusAfter('completed', 'completed'), 0x0000);
  assert.equal(statusAfter('completed', 'failed'), 0xb000);
  assert.equal(statusAfter('warning'), 0xb000);
  assert.equal(statusAfter('warning', 'failed'), 0xb000);
  assert.equal(statusAfter('failed', 'failed'), 0xa702);
});

test('PS3.4 §C.4.2.1.6: remaining sub-operations are told while pending and when cancelled only', () => {
  const progress = new SubOperations(3);
  progress.count(record, { result: 'completed' });
  assert.deepEqual(progress.pending(), {
    ...{ status: 0xff00, numberOfRemainingSuboperations: 2, numberOfCompletedSuboperations: 1 },
    ...{ numberOfFailedSuboperations: 0, numberOfWarningSuboperations: 0 },
  });
  assert.equal(progress.cancelled().elements.numberOfRemainingSuboperations, 2);
  assert.equal(progress.final().elements.numberOfRemainingSuboperations, undefined);
});

test('counters stay within a US, and instances stored since the counting make none negative', () => {
  const progress = new SubOperations(100_000);
  assert.equal(progress.pending().numberOfRemainingSuboperations, 0xffff);
  const small = new SubOperations(1);
  small.count(record, { result: 'completed' });
  small.count(record, { result: 'completed' });
  assert.equal(small.pending().numberOfRemainingSuboperations, 0);
});

test('PS3.4 §C.4.2.1.4.2: failed instances are listed, but not without end', () => {
  const progress = new SubOperations(20_000);
  for (let n = 0; n < 20_000; n++) progress.count(record, failed);
  const { elements, identifier } = progress.final();
  assert.equal(elements.errorComment, 'C-STORE status a700');
  assert.equal(identifier?.['00080058']?.Value?.length, 10_000);
});
