import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ImagePixelDescription } from '#engine/dicom/pixel-data/image-pixel-description.js';

interface Encoder {
  getDecodedBuffer(frame: object): Uint8Array;
  getEncodedBuffer(): Uint8Array;
  setEffort(effort: number): void;
  setLossless(isLossless: boolean): void;
  encode(): void;
  delete(): void;
}
type Factory = (options: object) => Promise<{ readonly JpegXLEncoder: new () => Encoder }>;

const packageName = '@cornerstonejs/codec-libjxl';
const { default: createEncoder } = (await import(`${packageName}/encodewasmjs`)) as {
  readonly default: Factory;
};
const wasmBinary = readFileSync(fileURLToPath(import.meta.resolve(`${packageName}/encodewasm`)));
const { JpegXLEncoder } = await createEncoder({ wasmBinary });

/** A lossless JPEG XL codestream of a native frame whose samples take one byte up to 8 bits, and two above. */
export function encodeJpegXl(frame: Uint8Array, image: ImagePixelDescription): Uint8Array {
  const { columns: width, rows: height, samplesPerPixel, bitsStored: bitsPerSample } = image;
  const encoder = new JpegXLEncoder();
  const info = { width, height, bitsPerSample, componentCount: samplesPerPixel, isSigned: false };
  encoder.getDecodedBuffer(info).set(frame);
  encoder.setLossless(true);
  encoder.setEffort(1);
  encoder.encode();
  const codestream = encoder.getEncodedBuffer().slice();
  encoder.delete();
  return codestream;
}
