/** Writes JPEG Lossless (ISO 10918-1 Annex H) in the plainest way, for tests: one Huffman table in which every code has 5 bits. */
export interface LosslessImage {
  readonly rows: number;
  readonly columns: number;
  readonly componentCount: number;
  readonly precision: number;
  /** Pixel by pixel. */
  readonly samples: ArrayLike<number>;
}

export interface LosslessOptions {
  readonly predictor: number;
  /** Lines between restart markers; 0 for none. */
  readonly restartLines?: number;
  readonly isScanPerComponent?: boolean;
}

const codeBits = 5;
const categoryCount = 17;

export function encodeJpegLossless(image: LosslessImage, options: LosslessOptions): Uint8Array {
  const { rows, columns, componentCount, precision } = image;
  const indexes = Array.from({ length: componentCount }, (_, n) => n);
  const restartLines = options.restartLines ?? 0;
  const bytes: number[] = [0xff, 0xd8];
  const frame = [precision, rows >> 8, rows & 255, columns >> 8, columns & 255, componentCount];
  segment(bytes, 0xc3, [...frame, ...indexes.flatMap((n) => [n + 1, 0x11, 0])]);
  const counts = Array.from({ length: 16 }, (_, n) => (n === codeBits - 1 ? categoryCount : 0));
  segment(bytes, 0xc4, [0, ...counts, ...Array.from({ length: categoryCount }, (_, n) => n)]);
  const interval = restartLines * columns;
  if (interval > 0) segment(bytes, 0xdd, [interval >> 8, interval & 255]);
  const scans = options.isScanPerComponent === true ? indexes.map((n) => [n]) : [indexes];
  for (const components of scans) {
    const selectors = components.flatMap((n) => [n + 1, 0]);
    segment(bytes, 0xda, [components.length, ...selectors, options.predictor, 0, 0]);
    const linesPerInterval = restartLines === 0 ? rows : restartLines;
    for (let line = 0, count = 0; line < rows; line += linesPerInterval, count++) {
      if (count > 0) bytes.push(0xff, 0xd0 + ((count - 1) % 8));
      const end = Math.min(rows, line + linesPerInterval);
      encodeLines(bytes, image, { components, predictor: options.predictor, start: line, end });
    }
  }
  return Uint8Array.from([...bytes, 0xff, 0xd9]);
}

interface Lines {
  readonly components: readonly number[];
  readonly predictor: number;
  readonly start: number;
  readonly end: number;
}

function encodeLines(bytes: number[], image: LosslessImage, lines: Lines): void {
  let bits = '';
  for (let row = lines.start; row < lines.end; row++) {
    for (let column = 0; column < image.columns; column++) {
      for (const component of lines.components) {
        const at = (y: number, x: number): number =>
          image.samples[(y * image.columns + x) * image.componentCount + component]!;
        const prediction = predict(at, { row, column, image, lines });
        // Differences are modulo 65,536.
        const difference = ((at(row, column) - prediction + 32768) & 0xffff) - 32768;
        bits += encodeDifference(difference);
      }
    }
  }
  bits = bits.padEnd(Math.ceil(bits.length / 8) * 8, '1');
  for (let at = 0; at < bits.length; at += 8) {
    const byte = Number.parseInt(bits.slice(at, at + 8), 2);
    bytes.push(byte);
    if (byte === 0xff) bytes.push(0);
  }
}

function predict(
  at: (y: number, x: number) => number,
  place: {
    readonly row: number;
    readonly column: number;
    readonly image: LosslessImage;
    readonly lines: Lines;
  },
): number {
  const { row, column, image, lines } = place;
  if (row === lines.start) {
    return column === 0 ? 2 ** (image.precision - 1) : at(row, column - 1);
  }
  if (column === 0) return at(row - 1, 0);
  const a = at(row, column - 1);
  const b = at(row - 1, column);
  const c = at(row - 1, column - 1);
  const predictions = [a, b, c, a + b - c, a + ((b - c) >> 1), b + ((a - c) >> 1), (a + b) >> 1];
  return predictions[lines.predictor - 1]!;
}

function encodeDifference(difference: number): string {
  if (difference === -32768) return code(16);
  const size = difference === 0 ? 0 : Math.floor(Math.log2(Math.abs(difference))) + 1;
  if (size === 0) return code(0);
  const bits = difference < 0 ? difference + 2 ** size - 1 : difference;
  return code(size) + bits.toString(2).padStart(size, '0');
}

function code(category: number): string {
  return category.toString(2).padStart(codeBits, '0');
}

function segment(bytes: number[], marker: number, content: readonly number[]): void {
  bytes.push(0xff, marker, (content.length + 2) >> 8, (content.length + 2) & 255, ...content);
}
