import { assert } from '#engine/base/assert.js';
import { GantryError } from '#engine/base/error-catalogue.js';
import type { CommitRequest, Extent } from '#engine/threads/task-messages.js';
import { spillPrefixBytesMax } from '../blob/spill-files.js';
import type { SpillFiles } from '../blob/spill-files.js';

/** The bytes of an instance as they came in, wherever they wait: in the arena or in a spill file. */
export interface ReceivedBytes {
  readonly length: number;
  readonly crc32: number;
  /** As in `ParsedInstance`. */
  readonly blockChecksums: Uint8Array;
  /** Views of the arena; empty when the bytes are in a file. */
  readonly extents: readonly Uint8Array[];
  /** The file's spill; undefined when the bytes are in the arena. */
  readonly spillId: number | undefined;
  /** The bytes from `start` in pieces that are valid until the next one is taken. */
  pieces(start: number): Generator<Uint8Array>;
}

const pieceBytes = 1024 * 1024;

/** Throws `store-unavailable` when the request's spill failed before, `limit-exceeded` when its prefix does not fit. */
export function receivedBytesOf(
  request: CommitRequest,
  arena: SharedArrayBuffer,
  spills: SpillFiles,
): ReceivedBytes {
  const { source, spillId } = request;
  if (source.kind === 'file') {
    if (spillId === undefined || !spills.has(spillId)) {
      throw new GantryError('store-unavailable', 'the bytes of the instance are not on file');
    }
    if (request.instance.prefix.length > spillPrefixBytesMax) {
      throw new GantryError('limit-exceeded', 'the File Meta Information to be added is too long');
    }
    const received = spills.received(spillId);
    assert(received.length === source.length, 'all bytes of a spill are on file at its commit');
    return {
      ...received,
      extents: [],
      spillId,
      pieces: (start) => spilledPieces(spills, spillId, start),
    };
  }
  const extents = viewsOf(arena, source.extents);
  const length = extents.reduce((sum, extent) => sum + extent.length, 0);
  assert(length === source.length, 'the extents are the whole instance');
  return {
    length,
    crc32: request.instance.crc32,
    blockChecksums: request.instance.blockChecksums,
    extents,
    spillId: undefined,
    pieces: (start) => extentPieces(extents, start),
  };
}

export function viewsOf(arena: SharedArrayBuffer, extents: readonly Extent[]): Uint8Array[] {
  return extents.map(({ offset, length }) => new Uint8Array(arena, offset, length));
}

function* extentPieces(extents: readonly Uint8Array[], start: number): Generator<Uint8Array> {
  let skip = start;
  for (const extent of extents) {
    if (skip < extent.length) yield extent.subarray(skip);
    skip = Math.max(0, skip - extent.length);
  }
}

function* spilledPieces(spills: SpillFiles, spillId: number, start: number): Generator<Uint8Array> {
  const buffer = Buffer.allocUnsafe(pieceBytes);
  for (let at = start; ;) {
    const bytes = spills.read(spillId, at, buffer);
    if (bytes === 0) return;
    yield buffer.subarray(0, bytes);
    at += bytes;
  }
}
