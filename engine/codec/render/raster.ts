/** Pixels of 8 bits, row by row, the channels of a pixel side by side: grey, or red, green and blue. */
export interface Raster {
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
}
