import { MultipartRelatedReader } from '#engine/multipart/multipart-related-reader.js';

export interface CollectedPart {
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** Reads a whole multipart body pushed as `chunks`; each is overwritten after its push, as a socket would. */
export function collectParts(boundary: string, chunks: readonly Uint8Array[]): CollectedPart[] {
  const parts: CollectedPart[] = [];
  let headers: Record<string, string> = {};
  let pieces: Buffer[] = [];
  const reader = new MultipartRelatedReader(boundary, {
    onPartBegin: (given) => {
      headers = Object.fromEntries(given);
      pieces = [];
    },
    onPartData: (view) => pieces.push(Buffer.from(view)),
    onPartEnd: () => parts.push({ headers, body: Buffer.concat(pieces).toString('latin1') }),
  });
  for (const chunk of chunks) {
    const copy = new Uint8Array(chunk);
    reader.push(copy);
    copy.fill(0x2a);
  }
  reader.end();
  return parts;
}

/** Cuts `bytes` at the given positions, in any order and with repeats. */
export function cutAt(bytes: Uint8Array, positions: readonly number[]): Uint8Array[] {
  const cuts = [0, ...positions.map((p) => p % (bytes.length + 1)), bytes.length];
  cuts.sort((a, b) => a - b);
  return cuts.slice(1).map((end, i) => bytes.subarray(cuts[i], end));
}
