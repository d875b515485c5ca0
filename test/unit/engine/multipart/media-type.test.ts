import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  mediaTypeParameter,
  parseMediaType,
  parseMediaTypeList,
} from '#engine/multipart/media-type.js';

test('a Store Content-Type in every spelling of real clients', () => {
  for (const text of [
    'multipart/related; type="application/dicom"; boundary="0f3c-70e0"',
    'multipart/related;type="application/dicom";boundary=0f3c-70e0',
    'multipart/related; type=application/dicom; boundary=0f3c-70e0',
    'Multipart/Related ; TYPE = application/dicom ; Boundary = "0f3c-70e0" ',
    'multipart/related; boundary=0f3c-70e0; type="application/dicom";',
    'multipart/related;; boundary="0f3c-70e0" junk; type=application/dicom',
  ]) {
    const mediaType = parseMediaType(text);
    assert.equal(mediaType?.type, 'multipart/related', text);
    assert.equal(mediaTypeParameter(mediaType, 'type'), 'application/dicom', text);
    assert.equal(mediaTypeParameter(mediaType, 'boundary'), '0f3c-70e0', text);
  }
});

test('quoted strings may hold delimiters and escapes', () => {
  const mediaType = parseMediaType('a/b; boundary="x;y,z=\\"q\\\\"; transfer-syntax=*');
  assert.deepEqual(mediaType?.parameters, [
    ['boundary', 'x;y,z="q\\'],
    ['transfer-syntax', '*'],
  ]);
});

test('an unquoted boundary may hold a comma', () => {
  assert.equal(mediaTypeParameter(parseMediaType('a/b; boundary=x,y')!, 'boundary'), 'x,y');
});

test('what is no media type is undefined, and left out of lists', () => {
  for (const text of ['', 'multipart', '/', 'a/', 'a b/c', '; boundary=x']) {
    assert.equal(parseMediaType(text), undefined, text);
  }
  const list = parseMediaTypeList('a/b;q=0.5, , nonsense;x=y ,*/*');
  assert.deepEqual(
    list.map((mediaType) => mediaType.type),
    ['a/b', '*/*'],
  );
});

test('repeated parameters are kept; a missing closing quote ends with the text', () => {
  const mediaType = parseMediaType('a/b; transfer-syntax=*; transfer-syntax="1.2');
  assert.deepEqual(mediaType?.parameters, [
    ['transfer-syntax', '*'],
    ['transfer-syntax', '1.2'],
  ]);
});
