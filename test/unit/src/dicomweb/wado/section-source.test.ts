import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  SectionSource,
  type Section,
  type SectionBody,
} from '#src/dicomweb/wado/section-source.js';

/** A body whose bytes are best read up to multiples of `blockBytes`; answers at once, or later. */
function body(bytes: Buffer, blockBytes: number, isSlow: boolean): SectionBody {
  return {
    length: bytes.length,
    read: (position, target) => {
      const copied = bytes.copy(target, 0, position);
      return isSlow ? Promise.resolve(copied) : copied;
    },
    pieceBytes: (position, bytesMax) => {
      const rest = bytes.length - position;
      if (bytesMax >= rest) return rest;
      const end = position + bytesMax;
      return Math.max(0, end - (end % blockBytes) - position);
    },
  };
}

const sample = randomBytes(1_500_000);

function bytesOf(length: number): Buffer {
  return sample.subarray(0, length);
}

const section = fc.record({
  length: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 1_500_000 })),
  kind: fc.constantFrom('bytes', 'body', 'slow body'),
  blockBytes: fc.constantFrom(1, 1000, 16_384, 700_000),
});

test('the bytes of any sections are sent in their order, whole or a range of them, whatever they are best read in', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(section, { maxLength: 5 }),
      fc.tuple(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
      ),
      async (wanted, [from, to]) => {
        const contents = wanted.map(({ length }) => bytesOf(length));
        const sections = wanted.map(({ kind, blockBytes }, n): Section =>
          kind === 'bytes' ? contents[n]! : body(contents[n]!, blockBytes, kind === 'slow body'),
        );
        const whole = Buffer.concat(contents);
        const start = Math.floor(from * whole.length);
        const end = start + Math.floor(to * (whole.length - start));
        const source = new SectionSource(sections.values(), { start, end });
        const pieces: Buffer[] = [];
        for (let piece = await source.read(); piece !== null; piece = await source.read()) {
          assert.ok(piece.length > 0);
          pieces.push(Buffer.from(piece));
        }
        source.close();
        assert.ok(Buffer.concat(pieces).equals(whole.subarray(start, end)));
      },
    ),
    { numRuns: 40 },
  );
});

test('a piece ends where what comes next is better read in one go', async () => {
  const sections = [bytesOf(100), body(bytesOf(500_000), 16_384, false)];
  const source = new SectionSource([...sections, ...sections].values());
  const first = await source.read();
  // Head and body of the first, head of the second, and of its body what ends with a block.
  const room = 576 * 1024 - 500_200;
  assert.equal(first?.length, 500_200 + room - (room % 16_384));
  source.close();
});
