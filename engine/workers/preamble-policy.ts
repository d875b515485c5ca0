import { preambleBytes, recogniseStart, startBytes } from '#engine/dicom/part10/recognise-start.js';

/**
 * Makes the preamble of Part 10 bytes harmless: anything in front of `DICM` that is not a TIFF header is zeroed, so that a file
 * cannot be an executable as well (CVE-2019-11687; PS3.10 §7.5). `pieces` are the received bytes in order, changed in place.
 */
export function sanitizePreamble(pieces: readonly Uint8Array[]): void {
  const start = firstBytes(pieces, startBytes);
  if (recogniseStart(start).kind !== 'part10' || isTiff(start)) return;
  let rest = preambleBytes;
  for (const piece of pieces) {
    if (rest === 0) return;
    const count = Math.min(rest, piece.length);
    piece.fill(0, 0, count);
    rest -= count;
  }
}

/** A dual-personality file for whole slide imaging, PS3.10 §7.1: TIFF or BigTIFF in either byte order. */
function isTiff(start: Uint8Array): boolean {
  const isLittle = start[0] === 0x49 && start[1] === 0x49;
  const isBig = start[0] === 0x4d && start[1] === 0x4d;
  const [low, high] = isLittle ? [start[2], start[3]] : [start[3], start[2]];
  return (isLittle || isBig) && (low === 42 || low === 43) && high === 0;
}

function firstBytes(pieces: readonly Uint8Array[], count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  let at = 0;
  for (const piece of pieces) {
    if (at === count) break;
    const part = piece.subarray(0, count - at);
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
