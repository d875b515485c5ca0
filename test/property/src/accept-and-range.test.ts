import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { GantryError } from '#engine/base/error-catalogue.js';
import { chooseFrameRepresentation } from '#src/dicomweb/wado/frame-representation.js';
import { parseFrameList } from '#src/dicomweb/wado/frame-list.js';
import { acceptedMedia } from '#src/http/accept.js';
import { contentRange, parseByteRange } from '#src/http/byte-range.js';
import { chooseContentEncoding } from '#src/http/content-encoding.js';

const runs = { numRuns: 2000 };

/** Text of what such headers are made of, in any order. */
const headerText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...['multipart/related', 'application/octet-stream', 'image/jls', '*/*', 'image/*'],
        ...[';', ',', '=', '"', '\\', ' ', '\t', 'q', 'type', 'transfer-syntax', '*', '0.5', '1'],
        ...['bytes', '-', '0', '999999999999999999', '1.2.840.10008.1.2.4.80', 'gzip', 'br'],
      ),
      fc.string({ maxLength: 4 }),
    ),
    { maxLength: 30 },
  )
  .map((pieces) => pieces.join(''));

test('any Accept header and any accept parameter gives a ranked list, or nothing', () => {
  fc.assert(
    fc.property(headerText, headerText, (header, parameter) => {
      const accepted = acceptedMedia(header, [['accept', parameter]]);
      assert.ok(accepted.length <= 128);
      const ofHeader = accepted.filter(({ isFromQuery }) => !isFromQuery);
      const qualities = ofHeader.map(({ quality }) => quality);
      assert.deepEqual(
        qualities,
        qualities.toSorted((a, b) => b - a),
      );
      assert.ok(qualities.every((quality) => quality > 0 && quality <= 1));
      const frames = { transferSyntaxUid: '1.2.840.10008.1.2.4.80', refusalOf: () => undefined };
      try {
        const { mediaType } = chooseFrameRepresentation(accepted, frames);
        assert.match(mediaType, /^[a-z]+\/[a-zA-Z0-9.+-]+$/);
      } catch (error) {
        assert.ok(error instanceof GantryError && error.code === 'not-acceptable');
      }
    }),
    runs,
  );
});

test('any Range header gives bytes that exist, all of them, or none', () => {
  fc.assert(
    fc.property(headerText, fc.nat(1000), (text, length) => {
      for (const header of [text, `bytes=${text}`]) {
        const range = parseByteRange(header, length);
        if (range.kind !== 'part') continue;
        assert.ok(range.start >= 0 && range.start < range.end && range.end <= length);
        assert.match(contentRange(range, length), /^bytes \d+-\d+\/\d+$/);
      }
    }),
    runs,
  );
});

test('RFC 9110 §14.1.2: a range within the length is that range', () => {
  fc.assert(
    fc.property(fc.nat(500), fc.nat(500), fc.integer({ min: 1, max: 1000 }), (a, b, length) => {
      const [first, last] = a <= b ? [a, b] : [b, a];
      const range = parseByteRange(`bytes=${first}-${last}`, length);
      const expected =
        first >= length
          ? { kind: 'unsatisfiable' }
          : { kind: 'part', start: first, end: Math.min(last + 1, length) };
      assert.deepEqual(range, expected);
    }),
    runs,
  );
});

test('any Accept-Encoding header has an answer, any frame list numbers from 1 or an error', () => {
  fc.assert(
    fc.property(headerText, (text) => {
      assert.ok(['identity', 'gzip', 'br'].includes(chooseContentEncoding(text)));
      try {
        assert.ok(parseFrameList(text).every((number) => Number.isInteger(number) && number >= 1));
      } catch (error) {
        assert.ok(error instanceof GantryError && error.code === 'bad-request');
      }
    }),
    runs,
  );
});
