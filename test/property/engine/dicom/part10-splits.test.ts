import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { MemoryByteSource } from '#engine/dicom/instance/byte-source.js';
import { describeInstance, type DescribeResult } from '#engine/dicom/instance/describe-instance.js';
import { part10Descriptions } from '#test/helpers/arbitrary-data-set.js';
import { buildPart10 } from '#test/helpers/dicom-builder.js';

function split(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const sorted = [...new Set(cuts.map((cut) => cut % bytes.length))].sort((a, b) => a - b);
  return [...sorted, bytes.length].map((end, index) => bytes.subarray(sorted[index - 1] ?? 0, end));
}

function describe(pieces: readonly Uint8Array[]): Promise<DescribeResult> {
  return describeInstance(new MemoryByteSource(pieces));
}

test('any split of the bytes gives the same description', async () => {
  await fc.assert(
    fc.asyncProperty(
      part10Descriptions,
      fc.array(fc.nat(), { maxLength: 30 }),
      async (description, cuts) => {
        const bytes = buildPart10(description);
        const whole = await describe([bytes]);
        assert.ok(whole.ok, whole.ok ? '' : whole.error.message);
        assert.deepEqual(await describe(split(bytes, cuts)), whole);
      },
    ),
    { numRuns: 150 },
  );
});

test('single bytes give the same description', async () => {
  await fc.assert(
    fc.asyncProperty(part10Descriptions, async (description) => {
      const bytes = buildPart10(description).subarray(0, 20_000);
      const whole = await describe([bytes]);
      const single = await describe(Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)));
      assert.deepEqual(summary(single), summary(whole));
    }),
    { numRuns: 20 },
  );
});

/** Errors carry stacks, which differ. */
function summary(result: DescribeResult): unknown {
  return result.ok ? result : { ...result, error: [result.error.code, result.error.detail] };
}

test('metadata holds every element that was written', async () => {
  await fc.assert(
    fc.asyncProperty(part10Descriptions, async (description) => {
      const result = await describe([buildPart10(description)]);
      assert.ok(result.ok);
      const json = Buffer.from(result.instance.metadata.json).toString('utf8');
      const metadata = JSON.parse(json) as Record<string, unknown>;
      const hasTable =
        typeof description.pixelData === 'object' &&
        'frames' in description.pixelData &&
        description.pixelData.offsetTable === 'extended';
      assert.equal(
        Object.keys(metadata).length,
        Object.keys(description.elements).length + 1 + (hasTable ? 2 : 0),
      );
      for (const offset of result.instance.metadata.uriOffsets) {
        const text = Buffer.from(result.instance.metadata.json).subarray(offset).toString('utf8');
        assert.match(text, /^\/bulkdata\/[0-9A-F/]+"/);
      }
    }),
    { numRuns: 60 },
  );
});
