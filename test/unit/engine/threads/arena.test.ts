import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Arena, arenaBlockBytes, ArenaWriter } from '#engine/threads/arena.js';

describe('Arena', () => {
  test('hands out each block once and takes it back', () => {
    const arena = new Arena(3 * arenaBlockBytes);
    const blocks = [arena.takeBlock(), arena.takeBlock(), arena.takeBlock()];
    assert.deepEqual(new Set(blocks).size, 3);
    assert.equal(arena.takeBlock(), -1);
    arena.retain(blocks[0]!);
    assert.equal(arena.release(blocks[0]!), false);
    assert.equal(arena.release(blocks[0]!), true);
    assert.equal(arena.freeBlockCount, 1);
    assert.throws(() => arena.release(blocks[0]!));
  });

  test('copies bytes whatever their alignment', () => {
    const arena = new Arena(arenaBlockBytes);
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        fc.nat(40),
        fc.nat(100),
        (bytes, start, target) => {
          const from = Math.min(start, bytes.length - 1);
          arena.copyIn(bytes, from, bytes.length, target);
          const copied = new Uint8Array(arena.buffer).slice(target, target + bytes.length - from);
          assert.deepEqual(copied, bytes.slice(from));
        },
      ),
    );
  });
});

describe('ArenaWriter', () => {
  test('extents hold what was written, within blocks, and every block comes back', () => {
    const chunkLengths = fc.array(fc.integer({ min: 1, max: arenaBlockBytes + 7 }), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(fc.array(chunkLengths, { minLength: 1, maxLength: 3 }), (instances) => {
        const arena = new Arena(32 * arenaBlockBytes);
        const writer = new ArenaWriter(arena, () => undefined);
        const written = instances.map((lengths, instance) => {
          const extents: { offset: number; length: number }[] = [];
          const chunks = lengths.map((length, index) =>
            Buffer.alloc(length, instance * 16 + index + 1),
          );
          for (const chunk of chunks) assert.ok(writer.append(chunk, extents));
          return { extents, expected: Buffer.concat(chunks) };
        });
        for (const { extents, expected } of written) {
          const pieces = extents.map(({ offset, length }) => {
            assert.ok((offset % arenaBlockBytes) + length <= arenaBlockBytes);
            return Buffer.from(arena.buffer, offset, length);
          });
          assert.ok(Buffer.concat(pieces).equals(expected));
        }
        writer.close();
        for (const { extents } of written) writer.release(extents);
        assert.equal(writer.blocksHeld, 0);
        assert.equal(arena.freeBlockCount, 32);
      }),
      { numRuns: 50 },
    );
  });

  test('says so when the arena is used up', () => {
    const arena = new Arena(arenaBlockBytes);
    const writer = new ArenaWriter(arena, () => undefined);
    assert.ok(writer.append(Buffer.alloc(arenaBlockBytes), []));
    assert.equal(writer.append(Buffer.alloc(1), []), false);
  });
});
