import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findInformationModel } from '#src/dimse/query-retrieve/information-models.js';
import { parseFindRequest } from '#src/dimse/query-retrieve/find-request.js';
import { parseRetrieveRequest } from '#src/dimse/query-retrieve/retrieve-request.js';
import { keys } from '#test/helpers/query-retrieve-scu.js';

const studyRoot = findInformationModel('1.2.840.10008.5.1.4.1.2.2.1')!;
const patientRoot = findInformationModel('1.2.840.10008.5.1.4.1.2.1.1')!;
const plain = { isRelational: false, isDateTimeCombined: false, isFuzzy: false };

test('PS3.4 §C.4.1.1.3: keys with a value are conditions, all are returned', () => {
  const request = parseFindRequest(
    keys({
      ...{ '00080005': 'ISO_IR 100', '00080052': 'STUDY', '00080054': '' },
      ...{ '00100020': 'P1', '00080020': '20240101-', '00081030': '*' },
    }),
    studyRoot,
    plain,
  );
  assert.equal(request.query.level, 'study');
  assert.deepEqual(
    request.query.conditions.map(({ kind, attribute }) => [kind, attribute.tag]).sort(),
    [
      ['equals', '00100020'],
      ['range', '00080020'],
    ],
  );
  assert.deepEqual(request.returnKeys.map(({ key }) => key.tag).sort(), [
    ...['00080020', '00081030', '00100020'],
  ]);
  assert.ok(!request.hasUnsupportedKeys);
});

test('PS3.4 §C.6.1.1: a study attribute is no key of the PATIENT level', () => {
  const request = parseFindRequest(
    keys({ '00080052': 'PATIENT', '00100010': 'A*', '00080020': '20240101' }),
    patientRoot,
    plain,
  );
  assert.ok(request.hasUnsupportedKeys);
  assert.deepEqual(
    request.query.conditions.map(({ attribute }) => attribute.tag),
    ['00100010'],
  );
});

test('PS3.4 §C.4.2.1.4: retrieval takes a PatientID literally', () => {
  const { conditions } = parseRetrieveRequest(
    keys({ '00080052': 'PATIENT', '00100020': 'P*1' }),
    patientRoot,
    false,
  );
  assert.deepEqual(conditions, [{ kind: 'equals', attribute: { tag: '00100020' }, value: 'P*1' }]);
});
