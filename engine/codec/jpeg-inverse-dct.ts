/** `basis[8 * x + u]`: what coefficient `u` adds to sample `x` of eight, scaled as ISO 10918-1 §A.3.3 has it. */
const basis = Float64Array.from({ length: 64 }, (_, n) => {
  const u = n % 8;
  const x = Math.floor(n / 8);
  return ((u === 0 ? Math.SQRT1_2 : 1) / 2) * Math.cos(((2 * x + 1) * u * Math.PI) / 16);
});

const rows = new Float64Array(64);

/** Where the samples of a block go. */
export interface SampleBlock {
  readonly samples: Uint16Array;
  readonly at: number;
  readonly stride: number;
  readonly precision: number;
}

/**
 * The inverse DCT of one block (ISO 10918-1 §A.3.3), in floating point: the exact result, rounded and kept within `precision`.
 * `coefficients` holds 64 from `from`, row by row; `quantization` what they are multiplied with.
 */
export function inverseDct(
  coefficients: Int16Array,
  from: number,
  quantization: Uint16Array,
  { samples, at, stride, precision }: SampleBlock,
): void {
  for (let v = 0; v < 8; v++) {
    const row = from + v * 8;
    let isFlat = true;
    for (let u = 1; u < 8; u++) if (coefficients[row + u] !== 0) isFlat = false;
    const dc = coefficients[row]! * quantization[v * 8]!;
    for (let x = 0; x < 8; x++) {
      let sum = dc * basis[0]!;
      if (!isFlat) {
        for (let u = 1; u < 8; u++) {
          sum += coefficients[row + u]! * quantization[v * 8 + u]! * basis[8 * x + u]!;
        }
      }
      rows[v * 8 + x] = sum;
    }
  }
  const middle = 2 ** (precision - 1);
  const largest = 2 ** precision - 1;
  for (let x = 0; x < 8; x++) {
    for (let y = 0; y < 8; y++) {
      let sum = middle;
      for (let v = 0; v < 8; v++) sum += rows[v * 8 + x]! * basis[8 * y + v]!;
      samples[at + y * stride + x] = Math.max(0, Math.min(largest, Math.round(sum)));
    }
  }
}
