/** In the SIZ segment, the first of a codestream: number of components, and the depth of the first (ISO 15444-1 §A.5.1). */
const componentCountAt = 40;
const componentDepthAt = 42;
const signBit = 0x80;

/**
 * Both JPEG 2000 codecs get signed samples of one byte wrong: they take them for unsigned ones on the way in, and clip them on the
 * way out. Signed samples are coded as they are and unsigned ones less half their range (§G.1), so that a codestream of one kind
 * is one of the other with this bit changed, and samples half the range apart.
 */
export function hasByteSigns(codestream: Uint8Array): boolean {
  const depth = codestream[componentDepthAt] ?? 0;
  return (depth & signBit) !== 0 && (depth & ~signBit) < 8;
}

/** Declares all components of a codestream signed or unsigned, in place. */
export function declareSigns(codestream: Uint8Array, isSigned: boolean): void {
  const componentCount = codestream[componentCountAt]! * 256 + codestream[componentCountAt + 1]!;
  for (let n = 0; n < componentCount; n++) {
    const at = componentDepthAt + 3 * n;
    if (at >= codestream.length) return;
    codestream[at] = isSigned ? codestream[at]! | signBit : codestream[at]! & ~signBit;
  }
}

/** Unsigned samples of one byte from the signed ones of the same codestream. */
export function toUnsigned(samples: Uint8Array, bitsPerSample: number): Uint8Array {
  const half = 1 << (bitsPerSample - 1);
  return samples.map((sample) => (sample + half) & (2 * half - 1));
}

/** Signed samples of one byte from the unsigned ones of the same codestream. */
export function toSigned(samples: Uint8Array, bitsPerSample: number): Uint8Array {
  const half = 1 << (bitsPerSample - 1);
  return samples.map((sample) => sample - half);
}
