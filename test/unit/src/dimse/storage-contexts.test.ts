import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  chooseStorageTransferSyntax,
  isStorageSopClass,
  isTransferSyntaxKnown,
} from '#src/dimse/storage-contexts.js';

const implicit = '1.2.840.10008.1.2';
const explicit = '1.2.840.10008.1.2.1';
const bigEndian = '1.2.840.10008.1.2.2';
const jpegLs = '1.2.840.10008.1.2.4.80';

test('PS3.4 §B.5: storage classes are accepted, configured private ones too', () => {
  const additional = new Set(['1.3.12.2.1107.5.9.1']);
  assert.ok(isStorageSopClass('1.2.840.10008.5.1.4.1.1.2', additional));
  assert.ok(isStorageSopClass('1.2.840.10008.5.1.4.34.7', additional));
  assert.ok(isStorageSopClass('1.3.12.2.1107.5.9.1', additional));
  for (const other of [
    '1.2.840.10008.5.1.4.1.2.2.1', // Study Root FIND
    '1.2.840.10008.5.1.4.34.6.1', // UPS Push
    '1.2.840.10008.1.20.1', // Storage Commitment
    '1.3.12.2.1107.5.9.2',
    '',
  ]) {
    assert.ok(!isStorageSopClass(other, additional), other);
  }
});

test('PS3.5 §10: transfer syntaxes of the standard are known', () => {
  for (const uid of [implicit, explicit, bigEndian, jpegLs, '1.2.840.10008.1.2.4.201']) {
    assert.ok(isTransferSyntaxKnown(uid), uid);
  }
  for (const uid of ['', '1.2.840.10008.1.20', '1.2.840.10008.1.1', '1.2.840.113619.5.2']) {
    assert.ok(!isTransferSyntaxKnown(uid), uid);
  }
});

test('PS3.8 §9.3.3.2: the first known transfer syntax is chosen, explicit VR before its poorer forms', () => {
  assert.equal(chooseStorageTransferSyntax([jpegLs, explicit]), jpegLs);
  assert.equal(chooseStorageTransferSyntax(['1.2.3', explicit, jpegLs]), explicit);
  assert.equal(chooseStorageTransferSyntax([implicit, jpegLs, explicit]), explicit);
  assert.equal(chooseStorageTransferSyntax([bigEndian, explicit]), explicit);
  assert.equal(chooseStorageTransferSyntax([implicit, bigEndian]), implicit);
  assert.equal(chooseStorageTransferSyntax(['1.2.3']), undefined);
  assert.equal(chooseStorageTransferSyntax([]), undefined);
});
