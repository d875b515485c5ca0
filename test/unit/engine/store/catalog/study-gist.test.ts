import assert from 'node:assert/strict';
import { test } from 'node:test';
import { searchedColumn, readColumnValues } from '#engine/query/index-columns.js';
import type { JsonValue } from '#engine/dicom/json-model/json-model-types.js';
import type { StudyRecord } from '#engine/store/catalog/catalog-records.js';
import { decodeStudyGist, encodeStudyGist } from '#engine/store/catalog/study-gist.js';

function studyOf(modalities: readonly string[], names: JsonValue[]): StudyRecord {
  return {
    studyInstanceUid: '1.2',
    sequence: 1,
    createdAtMs: 0,
    attributes: { '00100010': { vr: 'PN', Value: names } },
    seriesCount: 1,
    instanceCount: 1,
    modalities,
    sopClassUids: [],
    storedBytes: 0,
  };
}

test('a gist says what a search compares', () => {
  const study = studyOf(
    ['CT', ' SEG ', ''],
    [{ Alphabetic: 'Müller^Äsa^^', Ideographic: '山田' }, { Alphabetic: 'A\u001fB\0' }],
  );
  const gist = decodeStudyGist(encodeStudyGist(study).toString());
  const valuesOf = (tag: string): unknown =>
    readColumnValues(searchedColumn('study', { tag }), study);
  assert.deepEqual(gist?.patientNames, valuesOf('00100010'));
  assert.deepEqual(gist?.modalities, ['CT', 'SEG']);
  assert.deepEqual(gist?.modalities, valuesOf('00080061'));
});

test('a study without modalities and names has a gist, one with too many has none', () => {
  const empty = { modalities: [], patientNames: [] };
  assert.deepEqual(decodeStudyGist(encodeStudyGist(studyOf([], [])).toString()), empty);
  const long = encodeStudyGist(studyOf([], [{ Alphabetic: 'x'.repeat(600) }]));
  assert.equal(decodeStudyGist(long.toString()), undefined);
});
