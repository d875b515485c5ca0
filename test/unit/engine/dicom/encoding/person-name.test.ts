import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parsePersonName } from '#engine/dicom/encoding/person-name.js';

test('PS3.5 6.2.1.1 five components of three groups', () => {
  assert.deepEqual(parsePersonName('Adams^John Robert^Quincy^Rev.^B.A. M.Div.=山田^太郎'), {
    alphabetic: {
      familyName: 'Adams',
      givenName: 'John Robert',
      middleName: 'Quincy',
      namePrefix: 'Rev.',
      nameSuffix: 'B.A. M.Div.',
    },
    ideographic: {
      familyName: '山田',
      givenName: '太郎',
      middleName: '',
      namePrefix: '',
      nameSuffix: '',
    },
    phonetic: undefined,
  });
});

test('empty groups are undefined, spaces are trimmed, what is too much is ignored', () => {
  assert.deepEqual(parsePersonName(' ^ = =^'), {
    alphabetic: undefined,
    ideographic: undefined,
    phonetic: undefined,
  });
  const name = parsePersonName(' Doe ^ John ^^^^x=a=b=c');
  assert.equal(name.alphabetic?.familyName, 'Doe');
  assert.equal(name.alphabetic.givenName, 'John');
  assert.equal(name.alphabetic.nameSuffix, '');
  assert.equal(name.phonetic?.familyName, 'b');
});
