import { corruptFrame, undecodableFrame } from './codestream-error.js';
import { buildHuffmanTable, JpegBitReader, type HuffmanTable } from './jpeg-bit-reader.js';
import { jpegMarker, readJpegSegment, type JpegHeader, type JpegSegment } from './jpeg-header.js';

/** Tables and restart interval as they stand when a scan begins. */
interface ScanTables {
  readonly huffman: (HuffmanTable | undefined)[];
  restartInterval: number;
}

interface Scan {
  /** Index of each component in the frame, and its table. */
  readonly components: readonly { readonly index: number; readonly table: HuffmanTable }[];
  readonly predictor: number;
  readonly pointTransform: number;
  /** Lines between restart markers; 0 for none. */
  readonly restartLines: number;
}

/**
 * Decodes JPEG Lossless with Huffman coding (ISO 10918-1 Annex H, process 14; PS3.5 §A.4.2): samples pixel by pixel, 16 bits
 * each whatever the precision. Decoding is strict: every bit of a scan must be used and no more. Throws `corrupt`, or
 * `not-acceptable` for subsampled components, of which nobody has seen one in this process.
 */
export function decodeJpegLossless(codestream: Uint8Array, header: JpegHeader): Uint16Array {
  const { rows, columns, components, precision } = header;
  if (precision < 2 || precision > 16) throw corruptFrame(`a precision of ${precision} bits`);
  if (components.some((one) => one.horizontalSampling !== 1 || one.verticalSampling !== 1)) {
    throw undecodableFrame('subsampled JPEG Lossless components');
  }
  const samples = new Uint16Array(rows * columns * components.length);
  const tables: ScanTables = { huffman: [], restartInterval: 0 };
  const decoded = new Set<number>();
  let at = 2;
  while (decoded.size < components.length) {
    const segment = readJpegSegment(codestream, at);
    at = segment.end;
    if (segment.marker === jpegMarker.huffmanTables) readTables(codestream, segment, tables);
    else if (segment.marker === jpegMarker.restartInterval) {
      tables.restartInterval = codestream[segment.start]! * 256 + codestream[segment.start + 1]!;
    } else if (segment.marker === jpegMarker.startOfScan) {
      const scan = readScanHeader(codestream, segment, { header, tables });
      at = decodeScan(codestream, at, { header, scan, samples });
      for (const { index } of scan.components) decoded.add(index);
    }
  }
  if (codestream[at] !== 0xff || codestream[at + 1] !== jpegMarker.endOfImage) {
    throw corruptFrame('the JPEG codestream does not end');
  }
  return samples;
}

function readTables(codestream: Uint8Array, { start, end }: JpegSegment, tables: ScanTables): void {
  for (let at = start; at < end;) {
    const destination = codestream[at]!;
    const counts = codestream.subarray(at + 1, at + 17);
    const symbolCount = counts.reduce((sum, count) => sum + count, 0);
    if (at + 17 + symbolCount > end) throw corruptFrame('a JPEG Huffman table is cut off');
    const symbols = codestream.subarray(at + 17, at + 17 + symbolCount);
    // Destinations 0 to 3 of class 0: the only ones of this process.
    if (destination < 4) tables.huffman[destination] = buildHuffmanTable(counts, symbols);
    at += 17 + symbolCount;
  }
}

function readScanHeader(
  codestream: Uint8Array,
  { start, end }: JpegSegment,
  { header, tables }: { readonly header: JpegHeader; readonly tables: ScanTables },
): Scan {
  const count = codestream[start]!;
  if (count === 0 || count > 4 || end - start !== 4 + 2 * count) {
    throw corruptFrame('a JPEG scan header');
  }
  const components = Array.from({ length: count }, (_, n) => {
    const id = codestream[start + 1 + 2 * n]!;
    const index = header.components.findIndex((component) => component.id === id);
    const table = tables.huffman[codestream[start + 2 + 2 * n]! >> 4];
    if (index < 0 || table === undefined) throw corruptFrame('a JPEG scan header');
    return { index, table };
  });
  const predictor = codestream[end - 3]!;
  const pointTransform = codestream[end - 1]! & 15;
  if (predictor < 1 || predictor > 7 || pointTransform >= header.precision) {
    throw corruptFrame(`JPEG predictor ${predictor}`);
  }
  // §H.1.1: an interval is a whole number of lines.
  if (tables.restartInterval % header.columns !== 0) throw corruptFrame('a JPEG restart interval');
  const restartLines = tables.restartInterval / header.columns;
  return { components, predictor, pointTransform, restartLines };
}

interface ScanTarget {
  readonly header: JpegHeader;
  readonly scan: Scan;
  readonly samples: Uint16Array;
}

/** Decodes the intervals of one scan into `samples`; the result is the position of the marker behind it. */
function decodeScan(codestream: Uint8Array, start: number, target: ScanTarget): number {
  const { rows } = target.header;
  const linesPerInterval = target.scan.restartLines === 0 ? rows : target.scan.restartLines;
  let at = start;
  for (let line = 0, interval = 0; line < rows; line += linesPerInterval, interval++) {
    if (interval > 0) {
      const marker = 0xd0 + ((interval - 1) % 8);
      if (codestream[at + 1] !== marker) throw corruptFrame('a JPEG restart marker is missing');
      at += 2;
    }
    const reader = new JpegBitReader(codestream, at);
    const end = Math.min(line + linesPerInterval, rows);
    for (let row = line; row < end; row++) decodeLine(reader, target, row, row === line);
    at = reader.end();
  }
  return at;
}

/** One line; the first of an interval is predicted as if nothing stood above it (§H.1.2.1). */
function decodeLine(
  reader: JpegBitReader,
  { header, scan, samples }: ScanTarget,
  row: number,
  isFirst: boolean,
): void {
  const step = header.components.length;
  const lineLength = header.columns * step;
  const shift = scan.pointTransform;
  const initial = 1 << (header.precision - shift - 1);
  const lineStart = row * lineLength;
  for (let x = 0; x < lineLength; x += step) {
    for (const { index, table } of scan.components) {
      const at = lineStart + x + index;
      const left = x === 0 ? 0 : samples[at - step]! >> shift;
      const above = isFirst ? 0 : samples[at - lineLength]! >> shift;
      let prediction: number;
      if (isFirst) prediction = x === 0 ? initial : left;
      else if (x === 0) prediction = above;
      else {
        const corner = samples[at - lineLength - step]! >> shift;
        prediction = predict(scan.predictor, left, above, corner);
      }
      samples[at] = ((prediction + readDifference(reader, table)) & 0xffff) << shift;
    }
  }
}

/** ISO 10918-1 Table H.1. */
function predict(predictor: number, left: number, above: number, corner: number): number {
  switch (predictor) {
    case 1:
      return left;
    case 2:
      return above;
    case 3:
      return corner;
    case 4:
      return left + above - corner;
    case 5:
      return left + ((above - corner) >> 1);
    case 6:
      return above + ((left - corner) >> 1);
    default:
      return (left + above) >> 1;
  }
}

/** §H.1.2.2 and Table H.2: category 16 is 32768 and has no further bits. */
function readDifference(reader: JpegBitReader, table: HuffmanTable): number {
  const category = reader.readSymbol(table);
  if (category === 0) return 0;
  if (category === 16) return 32768;
  if (category > 16) throw corruptFrame('a JPEG difference of more than 16 bits');
  const bits = reader.readBits(category);
  return bits < 1 << (category - 1) ? bits - (1 << category) + 1 : bits;
}
