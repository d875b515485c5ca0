import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filterJsonModel } from '#engine/dicom/json-model/filter-json-model.js';
import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';

const dataSet: JsonDataSet = {
  '00080005': { vr: 'CS', Value: ['ISO_IR 192'] },
  '00090010': { vr: 'LO', Value: ['a "quoted" }] \\ creator'] },
  '00091001': { vr: 'UN', InlineBinary: 'AAAA' },
  '00100010': { vr: 'PN', Value: [{ Alphabetic: 'Doe^{[' }, null] },
  '00480105': {
    vr: 'SQ',
    Value: [
      { '00282000': { vr: 'OB', BulkDataURI: 'x' } },
      {},
      { '00091001': { vr: 'UN' }, '00480001': { vr: 'FL', Value: [1.5, -2] } },
    ],
  },
  '00540016': { vr: 'SQ' },
  '7FE00010': { vr: 'OW', BulkDataURI: 'y' },
};

function filtered(keeps: Parameters<typeof filterJsonModel>[1]): unknown {
  const json = Buffer.from(JSON.stringify(dataSet));
  return JSON.parse(Buffer.from(filterJsonModel(json, keeps)).toString('utf8'));
}

test('what is kept is as it was', () => {
  assert.deepEqual(
    filtered(() => true),
    dataSet,
  );
});

test('what is refused is gone, in items too', () => {
  const binary = new Set(['OB', 'OW', 'UN']);
  assert.deepEqual(
    filtered((_, vr) => !binary.has(vr)),
    {
      '00080005': dataSet['00080005'],
      '00090010': dataSet['00090010'],
      '00100010': dataSet['00100010'],
      '00480105': { vr: 'SQ', Value: [{}, {}, { '00480001': { vr: 'FL', Value: [1.5, -2] } }] },
      '00540016': { vr: 'SQ' },
    },
  );
  assert.deepEqual(
    filtered(() => false),
    {},
  );
});

test('elements of items are told apart from those of the data set', () => {
  assert.deepEqual(
    filtered((tag, _, isNested) => isNested || tag === '00480105'),
    { '00480105': dataSet['00480105'] },
  );
});
