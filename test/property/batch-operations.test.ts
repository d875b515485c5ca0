import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { applyOperations, BatchOperations } from '#native-bindings/rocksdb/batch-operations.js';

type Column = 'catalog' | 'default';
type Operation = readonly [column: Column, key: Uint8Array, value: Uint8Array | undefined];

const operation: fc.Arbitrary<Operation> = fc.tuple(
  fc.constantFrom<Column>('catalog', 'default'),
  fc.uint8Array({ maxLength: 80 }),
  fc.option(fc.uint8Array({ maxLength: 20_000 }), { nil: undefined }),
);

function keep(operations: readonly Operation[], bytesMax: number): BatchOperations<Column> {
  const kept = new BatchOperations<Column>(bytesMax);
  for (const [column, key, value] of operations) {
    if (value === undefined) kept.addDelete(column, key);
    else kept.addPut(column, key, value);
  }
  return kept;
}

test('operations come back in their order, as they were', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 30 }), (operations) => {
      const applied: Operation[] = [];
      applyOperations<Column>(keep(operations, Number.MAX_SAFE_INTEGER).bytes!, {
        put: (column, key, value) => applied.push([column, Uint8Array.from(key), value]),
        delete: (column, key) => applied.push([column, Uint8Array.from(key), undefined]),
      });
      const plain = applied.map(([column, key, value]): Operation => {
        return [column, key, value === undefined ? undefined : Uint8Array.from(value)];
      });
      assert.deepEqual(plain, operations);
    }),
  );
});

test('more than the limit is not kept, until the batch is emptied', () => {
  const kept = keep([['default', Buffer.alloc(50), Buffer.alloc(60)]], 100);
  assert.ok(kept.bytes === undefined);
  kept.clear();
  kept.addDelete('default', Buffer.alloc(50));
  assert.ok(kept.bytes !== undefined);
});
