import type { ImagePixelDescription } from '#engine/dicom/pixel-data/image-pixel-description.js';

/** Samples as they lie in a native frame, one a cell, and how a cell is to be read. */
export interface FrameSamples {
  readonly cells: Uint8Array | Uint16Array | Uint32Array | Float32Array | Float64Array;
  /** Bits of a cell that belong to the sample; 0 for floating point. */
  readonly bitsStored: number;
  readonly isSigned: boolean;
}

/** The samples of a native little endian frame; 1-bit ones are unpacked (PS3.5 §8.1.1). */
export function readFrameSamples(frame: Uint8Array, image: ImagePixelDescription): FrameSamples {
  const { bitsAllocated, bitsStored, isSigned } = image;
  if (bitsAllocated === 1) {
    const count = image.rows * image.columns * image.samplesPerPixel;
    const cells = new Uint8Array(count);
    for (let n = 0; n < count; n++) cells[n] = (frame[n >> 3]! >> (n & 7)) & 1;
    return { cells, bitsStored: 1, isSigned: false };
  }
  if (bitsAllocated === 8) return { cells: frame, bitsStored, isSigned };
  const { buffer, byteOffset } = aligned(frame, bitsAllocated / 8);
  const length = Math.floor((frame.length * 8) / bitsAllocated);
  const cells =
    bitsAllocated === 16
      ? new Uint16Array(buffer, byteOffset, length)
      : new Uint32Array(buffer, byteOffset, length);
  return { cells, bitsStored, isSigned };
}

/** The samples of a frame of Float or Double Float Pixel Data (PS3.3 §C.7.6.24, §C.7.6.25). */
export function readFloatSamples(frame: Uint8Array, bytesPerSample: 4 | 8): FrameSamples {
  const { buffer, byteOffset } = aligned(frame, bytesPerSample);
  const length = Math.floor(frame.length / bytesPerSample);
  const cells =
    bytesPerSample === 4
      ? new Float32Array(buffer, byteOffset, length)
      : new Float64Array(buffer, byteOffset, length);
  return { cells, bitsStored: 0, isSigned: true };
}

/** What a cell stands for; bits beyond Bits Stored may hold overlays and are not part of the sample. */
export function sampleValue({ bitsStored, isSigned }: FrameSamples): (cell: number) => number {
  if (bitsStored === 0) return (cell) => cell;
  const unused = 32 - bitsStored;
  return isSigned ? (cell) => (cell << unused) >> unused : (cell) => (cell << unused) >>> unused;
}

function aligned(frame: Uint8Array, bytes: number): Uint8Array {
  return frame.byteOffset % bytes === 0 ? frame : new Uint8Array(frame);
}
