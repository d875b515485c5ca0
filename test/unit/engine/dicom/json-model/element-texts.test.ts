import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ElementTexts } from '#engine/dicom/json-model/element-texts.js';
import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';

const tag = fc
  .nat({ max: 0xffff_ffff })
  .map((number) => number.toString(16).toUpperCase().padStart(8, '0'));
const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('"', '\\', '}', ']},"', '{['));
const dataSet: fc.Arbitrary<JsonDataSet> = fc.letrec<{ dataSet: JsonDataSet }>((tie) => ({
  dataSet: fc.dictionary(
    tag,
    fc.record(
      {
        vr: fc.constantFrom('LO', 'SQ', 'PN'),
        Value: fc.array(
          fc.oneof(
            { maxDepth: 2 },
            text,
            fc.integer(),
            fc.constant(null),
            fc.record({ Alphabetic: text }),
            tie('dataSet'),
          ),
          { maxLength: 3 },
        ),
      },
      { requiredKeys: ['vr'] },
    ),
    { maxKeys: 3 },
  ),
})).dataSet;

test('each element of a data set is found as it is written, and parsed as it was', () => {
  fc.assert(
    fc.property(dataSet, text, (elements, rest) => {
      const json = JSON.stringify([elements, rest]);
      const texts = new ElementTexts(json, 1);
      assert.equal(json.slice(texts.end), `,${JSON.stringify(rest)}]`);
      for (const [name, element] of Object.entries(elements)) {
        const number = Number.parseInt(name, 16);
        assert.equal(texts.memberOf(number), `"${name}":${JSON.stringify(element)}`);
        assert.deepEqual(texts.elementOf(number), JSON.parse(JSON.stringify(element)));
      }
      if (elements['00100010'] === undefined) {
        assert.equal(texts.memberOf(0x00100010), undefined);
        assert.equal(texts.elementOf(0x00100010), undefined);
      }
    }),
    { numRuns: 60 },
  );
});

test('a text that ends before its data set does is refused', () => {
  const json = JSON.stringify({
    '00080005': { vr: 'CS', Value: ['a"\\'] },
    '00081032': { vr: 'SQ', Value: [{ '00080100': { vr: 'SH' } }] },
  });
  assert.equal(new ElementTexts(json, 0).end, json.length);
  for (let length = 0; length < json.length; length++) {
    assert.throws(() => new ElementTexts(json.slice(0, length), 0), SyntaxError);
  }
});
