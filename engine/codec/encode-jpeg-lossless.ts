import { JpegBitWriter } from './jpeg-bit-writer.js';
import { jpegMarker } from './jpeg-header.js';
import { buildHuffmanCode, type HuffmanCode } from './jpeg-huffman-code.js';

/** Unsigned samples pixel by pixel, none with bits beyond `precision`: 2 to 16. */
export interface LosslessSamples {
  readonly samples: Uint8Array | Uint16Array;
  readonly rows: number;
  readonly columns: number;
  readonly componentCount: number;
  readonly precision: number;
}

const categoryCount = 17;

/**
 * A JPEG Lossless codestream of first-order prediction (ISO 10918-1 Annex H, process 14 with selection value 1; PS3.5 §8.2.1), in
 * one scan, with the Huffman code that suits the frame best.
 */
export function encodeJpegLossless(image: LosslessSamples): Uint8Array {
  const { samples, rows, columns, componentCount, precision } = image;
  const differences = predict(image);
  const frequencies = Array.from({ length: categoryCount }, () => 0);
  for (const difference of differences) frequencies[categoryOf(difference)]!++;
  const code = buildHuffmanCode(frequencies);
  const writer = new JpegBitWriter(samples.length * 2 + 1024);
  const indexes = Array.from({ length: componentCount }, (_, n) => n);
  writer.writeMarker(jpegMarker.startOfImage);
  const size = [precision, rows >> 8, rows & 255, columns >> 8, columns & 255, componentCount];
  writer.writeSegment(jpegMarker.lossless, [...size, ...indexes.flatMap((n) => [n + 1, 0x11, 0])]);
  writer.writeSegment(jpegMarker.huffmanTables, [0, ...code.counts, ...code.symbols]);
  const selectors = indexes.flatMap((n) => [n + 1, 0]);
  writer.writeSegment(jpegMarker.startOfScan, [componentCount, ...selectors, 1, 0, 0]);
  for (const difference of differences) writeDifference(writer, code, difference);
  writer.endBits();
  writer.writeMarker(jpegMarker.endOfImage);
  return writer.take();
}

/** Differences to the prediction modulo 65,536, from -32,768 (§H.1.2.1): to the sample before, at the start of a line above. */
function predict({ samples, columns, componentCount, precision }: LosslessSamples): Int16Array {
  const differences = new Int16Array(samples.length);
  const lineLength = columns * componentCount;
  for (let at = 0; at < samples.length; at++) {
    const isFirstOfLine = at % lineLength < componentCount;
    let prediction: number;
    if (!isFirstOfLine) prediction = samples[at - componentCount]!;
    else prediction = at < lineLength ? 1 << (precision - 1) : samples[at - lineLength]!;
    differences[at] = samples[at]! - prediction;
  }
  return differences;
}

/** Bits that a difference takes (Table H.2). */
function categoryOf(difference: number): number {
  return difference === 0 ? 0 : 32 - Math.clz32(Math.abs(difference));
}

function writeDifference(
  writer: JpegBitWriter,
  { codes, lengths }: HuffmanCode,
  difference: number,
): void {
  const category = categoryOf(difference);
  writer.writeBits(codes[category]!, lengths[category]!);
  // Category 16 is -32,768 alone and has no further bits.
  if (category === 0 || category === 16) return;
  writer.writeBits(difference < 0 ? difference - 1 : difference, category);
}
