import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MultipartRelatedWriter } from '#engine/multipart/multipart-related-writer.js';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

test('the first part has no CRLF before its delimiter, later ones have', () => {
  const writer = new MultipartRelatedWriter('key', 'application/octet-stream');
  const b = writer.boundary;
  assert.equal(
    text(writer.partHead(0, 'application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1')),
    `--${b}\r\nContent-Type: application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1\r\n\r\n`,
  );
  assert.equal(
    text(writer.partHead(1, 'image/jls', [['Content-Location', '/frames/2']])),
    `\r\n--${b}\r\nContent-Type: image/jls\r\nContent-Location: /frames/2\r\n\r\n`,
  );
  assert.equal(text(writer.end), `\r\n--${b}--\r\n`);
});

test('the boundary follows from the key alone and fits RFC 2046 §5.1.1', () => {
  const one = new MultipartRelatedWriter('a', 'application/dicom');
  assert.equal(one.boundary, new MultipartRelatedWriter('a', 'image/jls').boundary);
  assert.notEqual(one.boundary, new MultipartRelatedWriter('b', 'application/dicom').boundary);
  assert.match(one.boundary, /^[0-9a-f]{64}$/);
  assert.equal(
    one.contentType,
    `multipart/related; type="application/dicom"; boundary=${one.boundary}`,
  );
});

test('a line break in a header is a programmer error', () => {
  const writer = new MultipartRelatedWriter('a', 'application/dicom');
  assert.throws(() => writer.partHead(0, 'a/b\r\nX: y'), /assertion failed/);
  assert.throws(() => writer.partHead(0, 'a/b', [['X', '\n']]), /assertion failed/);
});
