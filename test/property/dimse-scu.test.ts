import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { echo } from '#src/dimse/scu/c-echo-scu.js';
import { storeInstance } from '#src/dimse/scu/c-store-scu.js';
import { MemoryDataSetSource, withoutLength } from '#test/helpers/data-set-source.js';
import { ctImageStorage } from '#test/helpers/dimse-fixture.js';
import { openMemoryAssociation } from '#test/helpers/memory-association.js';

const splits = fc.array(fc.integer({ min: 1, max: 4_000 }), { minLength: 1, maxLength: 6 });
const dataSets = fc.array(fc.uint8Array({ maxLength: 3_000 }), { minLength: 1, maxLength: 3 });

test('PS3.8 §9.2: however the bytes are split, an association stores what was sent and is released', async () => {
  await fc.assert(
    fc.asyncProperty(
      splits.filter((lengths) => lengths.some((length) => length > 100)),
      dataSets,
      fc.integer({ min: 128, max: 5_000 }),
      fc.record({ stepBytes: fc.integer({ min: 1, max: 700 }), isLengthKnown: fc.boolean() }),
      async (
        splitLengths,
        bytesOfInstances,
        acceptorMaximumLengthBytes,
        { stepBytes, isLengthKnown },
      ) => {
        const { association, store, counters } = openMemoryAssociation({
          splits: splitLengths,
          acceptorMaximumLengthBytes,
        });
        await association.established;
        assert.deepEqual(
          association.contexts.map(({ contextId }) => contextId),
          [1, 3],
        );
        assert.equal((await echo(association)).status, 0);
        const context = association.findContext(ctImageStorage);
        assert.ok(context);
        for (const [index, bytes] of bytesOfInstances.entries()) {
          const source = new MemoryDataSetSource(bytes, stepBytes);
          const { status, command } = await storeInstance(association, context, {
            sopClassUid: ctImageStorage,
            sopInstanceUid: `2.25.${index + 1}`,
            dataSet: isLengthKnown ? source : withoutLength(source),
          });
          assert.equal(status, 0);
          assert.equal(command.affectedSopInstanceUid, `2.25.${index + 1}`);
        }
        await association.release();
        assert.deepEqual(
          store.instances.map((instance) => instance.bytes),
          bytesOfInstances.map((bytes) => Buffer.from(bytes)),
        );
        assert.deepEqual(counters.ends, ['released']);
      },
    ),
    { numRuns: 60 },
  );
});
