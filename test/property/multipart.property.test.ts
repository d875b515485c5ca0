import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MultipartRelatedReader } from '#engine/multipart/multipart-related-reader.js';
import { MultipartRelatedWriter } from '#engine/multipart/multipart-related-writer.js';
import { collectParts, cutAt } from '#test/helpers/collect-parts.js';

const writer = new MultipartRelatedWriter('property', 'application/dicom');

/** Data made of fragments of delimiters, so that near misses are the rule. */
const nearBoundaryBytes = fc
  .array(
    fc.oneof(
      fc.constantFrom('\r', '\n', '-', '\r\n', '\r\n--', ' ', '\t', 'x'),
      fc.constantFrom(`--${writer.boundary}`, `\r\n--${writer.boundary}x`, writer.boundary),
      fc.nat(writer.boundary.length).map((n) => `\r\n--${writer.boundary.slice(0, n)}`),
    ),
    { maxLength: 12 },
  )
  .map((fragments) => fragments.join(''))
  // A whole delimiter line is no data that a multipart with this boundary can carry.
  .filter(
    (text) => !new RegExp(`\\r\\n--${writer.boundary}(--|[ \\t]*\\r?\\n)`).test(`\r\n${text}\r\n`),
  );

const partBodies = fc.array(nearBoundaryBytes, { minLength: 1, maxLength: 5 });
const cuts = fc.array(fc.nat(), { maxLength: 30 });

function write(bodies: readonly string[]): Buffer {
  const chunks = bodies.flatMap((body, i) => [
    writer.partHead(i, 'application/dicom', [['X-Index', String(i)]]),
    Buffer.from(body, 'latin1'),
  ]);
  return Buffer.concat([...chunks, writer.end]);
}

test('what the writer frames the reader gives back, however it is cut', () => {
  fc.assert(
    fc.property(partBodies, cuts, (bodies, positions) => {
      const parts = collectParts(writer.boundary, cutAt(write(bodies), positions));
      assert.deepEqual(
        parts,
        bodies.map((body, i) => ({
          headers: { 'content-type': 'application/dicom', 'x-index': String(i) },
          body,
        })),
      );
    }),
    { numRuns: 300 },
  );
});

test('any bytes give the same outcome, however they are cut', () => {
  const fragment = fc.constantFrom(
    '\r',
    '\n',
    '-',
    '--',
    '--b',
    '\r\n',
    '\r\n--b',
    'b',
    ' ',
    'A:x',
    '\t',
  );
  fc.assert(
    fc.property(fc.array(fragment, { maxLength: 40 }), cuts, (fragments, positions) => {
      const bytes = Buffer.from(fragments.join(''), 'latin1');
      assert.deepEqual(outcome(cutAt(bytes, positions)), outcome([bytes]));
    }),
    { numRuns: 1000 },
  );
});

test('a multipart cut short anywhere before its end is an error', () => {
  const whole = write(['first', 'second\r\n--']);
  const minimum = whole.length - '\r\n'.length;
  for (let length = 0; length < minimum; length++) {
    assert.throws(() => collectParts(writer.boundary, [whole.subarray(0, length)]), /truncated/);
  }
});

function outcome(chunks: readonly Uint8Array[]): unknown {
  const events: string[] = [];
  let data = '';
  const reader = new MultipartRelatedReader('b', {
    onPartBegin: (headers) => events.push(JSON.stringify([...headers])),
    onPartData: (view) => (data += Buffer.from(view).toString('latin1')),
    onPartEnd: () => {
      events.push(data);
      data = '';
    },
  });
  try {
    for (const chunk of chunks) reader.push(chunk);
    reader.end();
  } catch (error) {
    events.push(`${String(error)} after ${data}`);
  }
  return events;
}
