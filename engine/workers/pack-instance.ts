import type { ParsedInstance } from '#engine/dicom/instance/parsed-instance.js';

/**
 * The instance with all its bytes in one buffer of their size. A message takes the whole buffer of each view along, and those of
 * zlib and of Node's pool are larger than what they hold: 30 KiB travelled for 7, and the main thread had to collect them.
 */
export function packInstance(instance: ParsedInstance): ParsedInstance {
  const { prefix, metadata, frameTable, blockChecksums } = instance;
  const { json, pieces = [] } = metadata;
  const parts = [prefix, json, frameTable, blockChecksums, ...pieces.map(({ blocks }) => blocks)];
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let end = 0;
  const pack = (part: Uint8Array): Uint8Array => {
    const start = end;
    end += part.length;
    all.set(part, start);
    return all.subarray(start, end);
  };
  return {
    ...instance,
    prefix: pack(prefix),
    metadata: {
      ...metadata,
      json: pack(json),
      pieces: pieces.map((piece) => ({ ...piece, blocks: pack(piece.blocks) })),
    },
    frameTable: pack(frameTable),
    blockChecksums: pack(blockChecksums),
  };
}
