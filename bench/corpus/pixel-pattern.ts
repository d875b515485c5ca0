import { hashedNumber } from './random-source.js';

/**
 * One native frame of 12-bit values in 16 bits: a disc with a gradient, as in a CT slice, under noise that no compression of a
 * store or file system can shrink much.
 *
 * @param variant frames of different variants differ nearly everywhere
 * @param noiseBits how much of each sample is noise; 5 leaves what lossless compression makes of a real CT, about 3 bits in 10
 */
export function noisyFrame(rows: number, columns: number, variant: number, noiseBits = 10): Buffer {
  const pixels = new Uint16Array(rows * columns);
  const radius = Math.min(rows, columns) * 0.45;
  let noise = hashedNumber(0x51ce, variant) | 1;
  const noiseMask = 2 ** noiseBits - 1;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      noise ^= noise << 13;
      noise ^= noise >>> 17;
      noise ^= noise << 5;
      const distance = Math.hypot(row - rows / 2, column - columns / 2);
      const tissue = distance < radius ? 1000 + distance : 24;
      pixels[row * columns + column] = (tissue + (noise & noiseMask)) & 0xfff;
    }
  }
  return Buffer.from(pixels.buffer);
}

/**
 * Pixel data of a multi-frame instance: few patterns repeated, each frame stamped with its own number in its first pixels, so
 * that a wrong frame is noticed.
 */
export function stampedFrames(frameCount: number, rows: number, columns: number): Buffer {
  const frameBytes = rows * columns * 2;
  const patterns = Array.from({ length: 4 }, (_, variant) => noisyFrame(rows, columns, variant));
  const pixels = Buffer.allocUnsafe(frameCount * frameBytes);
  for (let frameIndex = 0; frameIndex < frameCount; frameIndex++) {
    const pattern = patterns[frameIndex % patterns.length] as Buffer;
    pattern.copy(pixels, frameIndex * frameBytes);
    pixels.writeUInt32LE(frameIndex & 0xfff, frameIndex * frameBytes);
  }
  return pixels;
}
