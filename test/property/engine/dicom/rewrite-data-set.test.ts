import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MemoryByteSource } from '#engine/dicom/instance/byte-source.js';
import { describeInstance } from '#engine/dicom/instance/describe-instance.js';
import { rewriteDataSet } from '#engine/dicom/data-set/rewrite-data-set.js';
import type { RangeSource } from '#engine/dicom/data-set/range-source.js';
import { part10Descriptions } from '#test/helpers/arbitrary-data-set.js';
import { buildDataSet, type Elements } from '#test/helpers/dicom-builder.js';

const implicit = '1.2.840.10008.1.2';
const explicit = '1.2.840.10008.1.2.1';

/** Gives bytes in pieces of at most `pieceBytes`. */
function sourceOf(bytes: Uint8Array, pieceBytes: number): RangeSource {
  return {
    length: bytes.length,
    read: (position, lengthMax) =>
      Promise.resolve(bytes.slice(position, position + Math.min(lengthMax, pieceBytes))),
  };
}

async function readAll(source: RangeSource): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for (let position = 0; position < source.length;) {
    const piece = await source.read(position, 1000);
    assert.ok(piece.length > 0);
    position += piece.length;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** Metadata and bulk values of a bare data set, without what depends on the encoding. */
async function contentOf(dataSet: Uint8Array, transferSyntaxUid: string): Promise<unknown> {
  const announced = {
    ...{ transferSyntaxUid, sopClassUid: '1.2.840.10008.5.1.4.1.1.2' },
    ...{ sopInstanceUid: '1.2.3', callingAeTitle: 'TEST' },
  };
  const described = await describeInstance(new MemoryByteSource([dataSet]), announced);
  assert.ok(described.ok);
  const { metadata, layout, prefix } = described.instance;
  const bulk = layout.bulkValues.map(({ path, offset, length }) => [
    path,
    Buffer.from(dataSet.subarray(offset - prefix.length, offset - prefix.length + length)).toString(
      'hex',
    ),
  ]);
  return { text: Buffer.from(metadata.json).toString(), bulk };
}

const directions: readonly (readonly [from: string, to: string])[] = [
  [explicit, implicit],
  [implicit, explicit],
];

/** Private elements have no VR in implicit VR but UN: which they had is lost on the way there. */
function withoutPrivate(elements: Elements): Elements {
  return Object.fromEntries(
    Object.entries(elements)
      .filter(([key]) => !key.startsWith('0009'))
      .map(([key, value]) => [
        key,
        isItems(value) ? value.map((item) => withoutPrivate(item)) : value,
      ]),
  );
}

function isItems(value: unknown): value is readonly Elements[] {
  return Array.isArray(value) && value.length > 0 && typeof value[0] === 'object';
}

for (const [from, to] of directions) {
  test(`PS3.5 §A: ${from} rewritten as ${to} holds the same`, async () => {
    const natives = part10Descriptions.filter(
      ({ pixelData }) => pixelData === undefined || pixelData instanceof Uint8Array,
    );
    await fc.assert(
      fc.asyncProperty(natives, fc.integer({ min: 1, max: 3000 }), async (file, pieceBytes) => {
        const elements = withoutPrivate(file.elements);
        const stored = buildDataSet({ ...file, elements }, from);
        const source = sourceOf(stored, pieceBytes);
        const syntaxes = { fromTransferSyntaxUid: from, toTransferSyntaxUid: to };
        const rewritten = await readAll((await rewriteDataSet(source, syntaxes)).head);
        assert.deepEqual(await contentOf(rewritten, to), await contentOf(stored, from));
      }),
      { numRuns: 60 },
    );
  });
}
