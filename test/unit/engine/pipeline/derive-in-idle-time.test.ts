import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IdleDerivation, type IdleDerivationParts } from '#engine/pipeline/derive-in-idle-time.js';
import { until } from '#test/helpers/wait.js';

const silent = (): void => undefined;

test('a full disk that keeps the position from being written does not end the work', async () => {
  const removed: number[] = [];
  const positions: number[] = [];
  const parts = {
    reader: {
      lastSequence: () => 3,
      readChanges: (position: number) =>
        position < 3 ? [{ sequence: position + 1, partition: 0, action: 'delete' }] : [],
      findInstance: () => undefined,
    },
    derived: {
      readPosition: () => Promise.resolve(0),
      remove: (_: number, change: { readonly sequence: number }) => {
        removed.push(change.sequence);
        return Promise.resolve();
      },
      writePosition: (position: number) => {
        if (position < 3) return Promise.reject(new Error('ENOSPC'));
        positions.push(position);
        return Promise.resolve();
      },
    },
    log: { debug: silent, info: silent, warn: silent, error: silent },
    isStoring: () => false,
  } as unknown as IdleDerivationParts;
  const derivation = new IdleDerivation(parts);
  await until(() => positions.length > 0, 'the last position');
  await derivation.close();
  assert.deepEqual([removed, positions], [[1, 2, 3], [3]]);
});
