/**
 * CRC-32 (ISO 3309) of joined bytes. The checksum itself is `zlib.crc32`; what is here computes with checksums as polynomials
 * over GF(2), in the reflected notation of the algorithm: the highest bit is the coefficient of x^0.
 */
const polynomial = 0xedb88320;
const one = 0x80000000;

/** x^(2^n), n from 0; squares of one another. The order of x divides 2^32 - 1, so that 32 of them are enough. */
const powers = powersOfX();

/**
 * The CRC-32 of A followed by B, from the CRC-32 of each, without their bytes.
 *
 * @param lengthB - bytes of B, up to 2^53 - 1
 */
export function crc32Combine(crcA: number, crcB: number, lengthB: number): number {
  return (multiply(crcA, powerOfX(lengthB)) ^ crcB) >>> 0;
}

/** x^(8 × bytes) modulo the polynomial: what appending that many bytes multiplies a checksum by. */
function powerOfX(bytes: number): number {
  let product = one;
  let rest = bytes;
  for (let n = 3; rest > 0; n++) {
    if (rest % 2 === 1) product = multiply(product, powers[n % 32]!);
    rest = Math.floor(rest / 2);
  }
  return product;
}

function multiply(a: number, b: number): number {
  let product = 0;
  let shifted = b;
  for (let bit = one; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) product ^= shifted;
    shifted = (shifted & 1) === 1 ? (shifted >>> 1) ^ polynomial : shifted >>> 1;
  }
  return product >>> 0;
}

function powersOfX(): readonly number[] {
  const list = [one >>> 1];
  while (list.length < 32) {
    const last = list.at(-1)!;
    list.push(multiply(last, last));
  }
  return list;
}
