/** PS3.10 §7.1: 128 bytes for any use, then `DICM`. */
const preambleBytes = 128;
const headBytes = preambleBytes + 4;

/** Files that are TIFF or BigTIFF as well as DICOM need their preamble; in all others it only carries what nobody checks. */
const tiffMagics = ['II*\0', 'MM\0*', 'II+\0', 'MM\0+'];

/**
 * The pieces of a Part 10 file from its first byte, with the preamble cleared; the same pieces where there is none to be cleared
 * or where they hold less than preamble and prefix.
 */
export function withoutPreamble(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  const head = Buffer.alloc(headBytes);
  let filled = 0;
  const rest: Uint8Array[] = [];
  for (const piece of pieces) {
    const taken = Math.min(piece.length, headBytes - filled);
    head.set(piece.subarray(0, taken), filled);
    filled += taken;
    if (taken < piece.length) rest.push(piece.subarray(taken));
  }
  const isPart10 = filled === headBytes && head.toString('latin1', preambleBytes) === 'DICM';
  if (!isPart10 || tiffMagics.includes(head.toString('latin1', 0, 4))) return pieces;
  head.fill(0, 0, preambleBytes);
  return [head, ...rest];
}
