import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { computedAttributes, indexedAttributes } from '#engine/dicom/indexed-attributes.js';
import { rowTextMaker, type MatchedRecords, type ReturnFields } from '#engine/query/row-text.js';
import { encodeStudyRecord } from '#engine/store/catalog/record-codec.js';
import { StoredStudy } from '#engine/store/catalog/stored-study.js';
import { generatedRecords, type GeneratedRecords } from '#test/helpers/random-records.js';
import { rowToJson } from '#test/helpers/row-to-json.js';

const studiesUrl = 'http://127.0.0.1:8080/dicom-web/studies';

const someTags = fc
  .subarray([...indexedAttributes, ...computedAttributes].map(({ tag }) => tag))
  .map((tags) => new Set(tags));
const fields: fc.Arbitrary<ReturnFields> = fc
  .tuple(fc.record({ study: someTags, series: someTags, instance: someTags }), fc.boolean())
  .map(([tags, hasKey]) => ({ tags, ...(hasKey ? { recordKeyOf: () => 'WyJhIl0=' } : {}) }));

/** A match of each level for each of the records. */
function matchesAmong({ studies, series, instances }: GeneratedRecords): MatchedRecords[] {
  const studyOf = (uid: string) => studies.find((study) => study.studyInstanceUid === uid)!;
  return [
    ...studies.map((study) => ({ study })),
    ...series.map((one) => ({ study: studyOf(one.studyInstanceUid), series: one })),
    ...instances.map((instance) => ({
      study: studyOf(instance.studyInstanceUid),
      series: series.find(
        (one) =>
          one.studyInstanceUid === instance.studyInstanceUid &&
          one.seriesInstanceUid === instance.seriesInstanceUid,
      )!,
      instance,
    })),
  ];
}

test('the text of a row is that of its attributes, whether they are parsed or as stored', () => {
  fc.assert(
    fc.property(generatedRecords, fields, (records, returned) => {
      const rowText = rowTextMaker(returned, studiesUrl);
      for (const match of matchesAmong(records)) {
        const { study } = match;
        const stored = new StoredStudy(study.studyInstanceUid, encodeStudyRecord(study));
        const text = JSON.stringify(rowToJson(match, returned, studiesUrl));
        assert.equal(rowText(match), text);
        assert.equal(rowText({ ...match, study: stored }), text);
      }
    }),
    { numRuns: 100 },
  );
});
