import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { MemoryByteSource } from '#engine/dicom/instance/byte-source.js';
import { describeInstance } from '#engine/dicom/instance/describe-instance.js';
import { part10Descriptions } from '#test/helpers/arbitrary-data-set.js';
import { buildPart10 } from '#test/helpers/dicom-builder.js';

test('mutated bytes give a description or an error of the catalogue', async () => {
  await fc.assert(
    fc.asyncProperty(
      part10Descriptions,
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 }),
      async (description, mutations) => {
        const bytes = buildPart10(description);
        for (const [at, value] of mutations) bytes[at % Math.min(bytes.length, 4000)] = value;
        const result = await describeInstance(new MemoryByteSource([bytes]));
        if (result.ok) JSON.parse(Buffer.from(result.instance.metadata.json).toString('utf8'));
        else assert.notEqual(result.error.code, 'processing-failure', String(result.error.cause));
      },
    ),
    { numRuns: 400 },
  );
});
