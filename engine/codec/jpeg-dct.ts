import { corruptFrame } from './codestream-error.js';
import { buildHuffmanTable, JpegBitReader, type HuffmanTable } from './jpeg-bit-reader.js';
import {
  JpegBlockReader,
  zigzag,
  type JpegBand,
  type JpegComponentState,
} from './jpeg-coefficients.js';
import {
  jpegMarker,
  readJpegSegment,
  type JpegComponent,
  type JpegHeader,
  type JpegSegment,
} from './jpeg-header.js';
import { inverseDct } from './jpeg-inverse-dct.js';

/** One component and where its coefficients lie: whole blocks, enough of them for whole MCUs. */
interface Plane extends JpegComponent {
  /** Blocks that hold samples of the image. */
  readonly blocksAcross: number;
  readonly blocksDown: number;
  /** Blocks from one line of them to the next. */
  readonly blockStride: number;
  readonly coefficients: Int16Array;
}

interface Decoding {
  readonly codestream: Uint8Array;
  readonly header: JpegHeader;
  readonly planes: readonly Plane[];
  readonly quantization: (Uint16Array | undefined)[];
  /** By class (DC, AC) and destination. */
  readonly huffman: (HuffmanTable | undefined)[];
  restartInterval: number;
  readonly across: number;
  readonly down: number;
}

/**
 * Decodes JPEG with DCT and Huffman coding, sequential and progressive (ISO 10918-1 Annexes F and G; PS3.5 §8.2.1): samples pixel
 * by pixel as they are coded, chroma that has fewer of them repeated. Any precision to 12 bits; for 8 bits libjpeg-turbo is
 * faster. Throws `corrupt`.
 */
export function decodeJpegDct(codestream: Uint8Array, header: JpegHeader): Uint16Array {
  const decoding = begin(codestream, header);
  for (let at = 2; ;) {
    if (codestream[at] === 0xff && codestream[at + 1] === jpegMarker.endOfImage) break;
    const segment = readJpegSegment(codestream, at);
    at = segment.end;
    if (segment.marker === jpegMarker.huffmanTables) readHuffmanTables(decoding, segment);
    else if (segment.marker === jpegMarker.quantizationTables) readQuantization(decoding, segment);
    else if (segment.marker === jpegMarker.restartInterval) {
      decoding.restartInterval = codestream[segment.start]! * 256 + codestream[segment.start + 1]!;
    } else if (segment.marker === jpegMarker.startOfScan) at = readScan(decoding, segment);
  }
  return assemble(decoding);
}

function begin(codestream: Uint8Array, header: JpegHeader): Decoding {
  const { rows, columns, components } = header;
  if (rows === 0 || columns === 0) throw corruptFrame('a JPEG image without size');
  for (const { horizontalSampling: h, verticalSampling: v } of components) {
    if (h < 1 || h > 4 || v < 1 || v > 4) throw corruptFrame('the JPEG sampling factors');
  }
  const horizontalMax = Math.max(...components.map((one) => one.horizontalSampling));
  const verticalMax = Math.max(...components.map((one) => one.verticalSampling));
  const across = Math.ceil(columns / (8 * horizontalMax));
  const down = Math.ceil(rows / (8 * verticalMax));
  const planes = components.map((component): Plane => {
    const { horizontalSampling, verticalSampling } = component;
    const blockStride = across * horizontalSampling;
    return {
      ...component,
      blocksAcross: Math.ceil(Math.ceil((columns * horizontalSampling) / horizontalMax) / 8),
      blocksDown: Math.ceil(Math.ceil((rows * verticalSampling) / verticalMax) / 8),
      blockStride,
      coefficients: new Int16Array(64 * blockStride * down * verticalSampling),
    };
  });
  const tables = { quantization: [], huffman: [], restartInterval: 0 };
  return { codestream, header, planes, ...tables, across, down };
}

function readHuffmanTables({ codestream, huffman }: Decoding, { start, end }: JpegSegment): void {
  for (let at = start; at < end;) {
    const destination = codestream[at]!;
    const counts = codestream.subarray(at + 1, at + 17);
    const symbolCount = counts.reduce((sum, count) => sum + count, 0);
    if (at + 17 + symbolCount > end) throw corruptFrame('a JPEG Huffman table is cut off');
    const symbols = codestream.subarray(at + 17, at + 17 + symbolCount);
    huffman[destination] = buildHuffmanTable(counts, symbols);
    at += 17 + symbolCount;
  }
}

function readQuantization(
  { codestream, quantization }: Decoding,
  { start, end }: JpegSegment,
): void {
  for (let at = start; at < end;) {
    const isWide = codestream[at]! >> 4 === 1;
    const destination = codestream[at]! & 15;
    const length = isWide ? 128 : 64;
    if (at + 1 + length > end) throw corruptFrame('a JPEG quantization table is cut off');
    const table = new Uint16Array(64);
    for (let k = 0; k < 64; k++) {
      const value = at + 1 + (isWide ? 2 * k : k);
      table[zigzag[k]!] = isWide
        ? codestream[value]! * 256 + codestream[value + 1]!
        : codestream[value]!;
    }
    quantization[destination] = table;
    at += 1 + length;
  }
}

/** Decodes the scan whose header this is; the result is the position of the marker behind it. */
function readScan(decoding: Decoding, { start, end }: JpegSegment): number {
  const { codestream, header, planes } = decoding;
  const count = codestream[start]!;
  if (count === 0 || count > 4 || end - start !== 4 + 2 * count) {
    throw corruptFrame('a JPEG scan header');
  }
  const components = Array.from({ length: count }, (_, n) => {
    const id = codestream[start + 1 + 2 * n]!;
    const plane = planes.find((one) => one.id === id);
    if (plane === undefined) throw corruptFrame('a JPEG scan of an unknown component');
    const selectors = codestream[start + 2 + 2 * n]!;
    const state: JpegComponentState = {
      dcTable: decoding.huffman[selectors >> 4],
      acTable: decoding.huffman[0x10 | (selectors & 15)],
      prediction: 0,
    };
    return { plane, state };
  });
  const isProgressive = header.process === jpegMarker.progressive;
  const band: JpegBand = {
    first: codestream[end - 3]!,
    last: codestream[end - 2]!,
    knownBits: isProgressive ? codestream[end - 1]! >> 4 : 0,
    missingBits: isProgressive ? codestream[end - 1]! & 15 : 0,
  };
  const isSound = band.last <= 63 && band.first <= band.last && (band.first === 0 || count === 1);
  if (!isSound || band.missingBits > 13) throw corruptFrame('a JPEG scan header');
  const readers = components.map(
    ({ plane }) => new JpegBlockReader(plane.coefficients, band, isProgressive),
  );
  return readUnits(decoding, components, readers, end);
}

type ScanComponents = readonly { readonly plane: Plane; readonly state: JpegComponentState }[];

/** The MCUs of a scan: of one component its blocks, of several those of the same place (ISO 10918-1 §A.2). */
function readUnits(
  { codestream, across, down, restartInterval }: Decoding,
  components: ScanComponents,
  readers: readonly JpegBlockReader[],
  start: number,
): number {
  const only = components[0]!.plane;
  const isAlone = components.length === 1;
  const unitsAcross = isAlone ? only.blocksAcross : across;
  const unitCount = unitsAcross * (isAlone ? only.blocksDown : down);
  let bits = new JpegBitReader(codestream, start);
  for (let unit = 0; unit < unitCount; unit++) {
    if (restartInterval > 0 && unit > 0 && unit % restartInterval === 0) {
      const at = bits.end();
      const marker = 0xd0 + ((unit / restartInterval - 1) % 8);
      if (codestream[at + 1] !== marker) throw corruptFrame('a JPEG restart marker is missing');
      bits = new JpegBitReader(codestream, at + 2);
      for (const { state } of components) state.prediction = 0;
      for (const reader of readers) reader.restart();
    }
    const row = Math.floor(unit / unitsAcross);
    const column = unit % unitsAcross;
    components.forEach(({ plane, state }, n) => {
      const wide = isAlone ? 1 : plane.horizontalSampling;
      const high = isAlone ? 1 : plane.verticalSampling;
      for (let y = row * high; y < (row + 1) * high; y++) {
        for (let x = column * wide; x < (column + 1) * wide; x++) {
          readers[n]!.read(bits, state, 64 * (y * plane.blockStride + x));
        }
      }
    });
  }
  return bits.end();
}

/** Samples of all components, pixel by pixel. */
function assemble({ header, planes, quantization }: Decoding): Uint16Array {
  const { rows, columns, precision } = header;
  const horizontalMax = Math.max(...planes.map((one) => one.horizontalSampling));
  const verticalMax = Math.max(...planes.map((one) => one.verticalSampling));
  const step = planes.length;
  const result = new Uint16Array(rows * columns * step);
  planes.forEach((plane, index) => {
    const table = quantization[plane.quantizationTable];
    if (table === undefined) throw corruptFrame('a JPEG quantization table is missing');
    const stride = plane.blockStride * 8;
    const samples = new Uint16Array(plane.coefficients.length);
    for (let block = 0; block * 64 < samples.length; block++) {
      const line = Math.floor(block / plane.blockStride);
      const at = line * 8 * stride + (block % plane.blockStride) * 8;
      inverseDct(plane.coefficients, block * 64, table, { samples, at, stride, precision });
    }
    const across = plane.horizontalSampling / horizontalMax;
    const down = plane.verticalSampling / verticalMax;
    for (let y = 0; y < rows; y++) {
      const from = Math.floor(y * down) * stride;
      let to = y * columns * step + index;
      for (let x = 0; x < columns; x++, to += step)
        result[to] = samples[from + Math.floor(x * across)]!;
    }
  });
  return result;
}
