import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GantryError } from '#engine/base/error-catalogue.js';
import { limits } from '#engine/base/limits.js';
import { MultipartRelatedReader } from '#engine/multipart/multipart-related-reader.js';
import { collectParts, type CollectedPart } from '#test/helpers/collect-parts.js';

function read(text: string, boundary = 'b'): CollectedPart[] {
  const bytes = Buffer.from(text, 'latin1');
  const whole = collectParts(boundary, [bytes]);
  const single = collectParts(
    boundary,
    [...bytes].map((byte) => Uint8Array.of(byte)),
  );
  assert.deepEqual(single, whole, 'byte by byte gives the same parts');
  return whole;
}

function rejects(text: string, detail: RegExp): void {
  assert.throws(
    () => read(text),
    (error) =>
      error instanceof GantryError && error.code === 'bad-request' && detail.test(error.detail),
  );
}

describe('MultipartRelatedReader', () => {
  test('RFC 2046 §5.1.1: parts with headers, preamble and epilogue dropped', () => {
    const parts = read(
      'preamble\r\n--b\r\nContent-Type: application/dicom\r\nX:  y \r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\nepilogue --b\r\n',
    );
    assert.deepEqual(parts, [
      { headers: { 'content-type': 'application/dicom', x: 'y' }, body: 'one' },
      { headers: {}, body: 'two' },
    ]);
  });

  test('a leading CRLF or none, a final CRLF or none', () => {
    for (const text of [
      '--b\r\n\r\nx\r\n--b--',
      '\r\n--b\r\n\r\nx\r\n--b--',
      '\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n',
    ]) {
      assert.deepEqual(read(text), [{ headers: {}, body: 'x' }]);
    }
  });

  test('header lines that end in LF alone, and transport padding after the boundary', () => {
    assert.deepEqual(read('--b \t\nContent-Type: a/b\n\nx\n\r\n--b  \r\n\r\ny\r\n--b--'), [
      { headers: { 'content-type': 'a/b' }, body: 'x\n' },
      { headers: {}, body: 'y' },
    ]);
  });

  test('RFC 5322 §2.2.3: folded header lines', () => {
    const parts = read('--b\r\nContent-Type: a/b;\r\n\ttransfer-syntax=1\r\n\r\n\r\n--b--');
    assert.deepEqual(parts, [{ headers: { 'content-type': 'a/b; transfer-syntax=1' }, body: '' }]);
  });

  test('empty parts, with and without a line of their own', () => {
    assert.equal(read('--b\r\n\r\n\r\n--b\r\n\r\n--b\r\nA: 1\r\n\r\n--b--').length, 3);
  });

  test('what only looks like a delimiter is data', () => {
    for (const body of [
      '\r\n--',
      '\r\r\n--',
      '\r\n--a',
      '\r\n--bX',
      '\r\n--b-',
      '\r\n--b-\r\n',
      '\r\n--b \r\r\n',
      '\r\n--b\r\r\n--b\r',
      '--b\r\n',
      '--b--',
      '\n--b\r\n',
      `\r\n--b${' '.repeat(100)}\r\n`,
      '\r\n',
      '\r',
    ]) {
      assert.deepEqual(read(`--b\r\n\r\n.${body}\r\n--b--`), [{ headers: {}, body: `.${body}` }]);
    }
  });

  test('a body that does not end, or has no part, is an error', () => {
    rejects('', /boundary was not found/);
    rejects('no boundary here', /boundary was not found/);
    rejects('--b\r\n\r\nx', /no final boundary/);
    rejects('--b\r\n\r\nx\r\n--b-', /no final boundary/);
    rejects('--b\r\nContent-Type: x', /no final boundary/);
    rejects('--b--', /no part/);
  });

  test('malformed and oversized headers are errors', () => {
    rejects('--b\r\nno colon\r\n\r\nx\r\n--b--', /malformed/);
    rejects('--b\r\n: x\r\n\r\nx\r\n--b--', /malformed/);
    rejects(`--b\r\nA: ${'x'.repeat(limits.multipartHeaderBytesMax)}`, /too long/);
  });

  test('the number of parts is bounded', () => {
    const reader = new MultipartRelatedReader('b', {
      onPartBegin: () => undefined,
      onPartData: () => undefined,
      onPartEnd: () => undefined,
    });
    const parts = Buffer.from('\r\n--b\r\n\r\n'.repeat(limits.multipartPartCountMax));
    reader.push(parts);
    assert.equal(reader.partCount, limits.multipartPartCountMax);
    assert.throws(() => reader.push(Buffer.from('\r\n--b\r\n')), /too many parts/);
  });

  test('RFC 2046 §5.1.1: boundaries of 1 to 70 printable characters', () => {
    const whole = "0'()+_,-./:=? 9";
    assert.equal(read(`--${whole}\r\n\r\nx\r\n--${whole}--`, whole).length, 1);
    for (const boundary of ['', 'x'.repeat(71), 'a\r', 'a ', 'é']) {
      assert.throws(() => collectParts(boundary, []), /boundary is not valid/);
    }
  });

  test('part data are views of the pushed chunk', () => {
    const chunk = Buffer.from('--b\r\n\r\npayload\r\n--b--');
    const reader = new MultipartRelatedReader('b', {
      onPartBegin: () => undefined,
      onPartData: (view) => assert.equal(view.buffer, chunk.buffer),
      onPartEnd: () => undefined,
    });
    reader.push(chunk);
  });
});
