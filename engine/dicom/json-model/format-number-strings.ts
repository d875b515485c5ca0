import { latin1Text } from '#engine/dicom/encoding/byte-text.js';
import { paddedEnd, paddedStart, trimPadding } from '#engine/dicom/encoding/padding.js';
import type { SpecificCharacterSet } from '#engine/dicom/encoding/specific-character-set.js';

/** Any decimal of so many digits survives a double, IEEE 754 (DBL_DIG). */
const safeDigitCountMax = 15;
/** No decimal with more significant digits is printed back by a double. */
const significantDigitCountMax = 17;
const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

const minus = 0x2d;
const point = 0x2e;
const zero = 0x30;
const nine = 0x39;
const delimiter = 0x5c;

/**
 * Values of IS and DS, PS3.18 §F.2.3: numbers written as in the file if all of them are legal JSON numbers that keep their digits
 * in a double precision reader, otherwise strings. An element is never a mixture of both.
 */
export function formatNumberStrings(
  bytes: Uint8Array,
  charset: SpecificCharacterSet,
): string | undefined {
  const start = paddedStart(bytes);
  const end = paddedEnd(bytes, start);
  if (start === end) return undefined;
  if (isPlainNumberList(bytes, start, end)) {
    const text = latin1Text(bytes, start, end);
    return text.includes('\\') ? `[${text.replaceAll('\\', ',')}]` : `[${text}]`;
  }
  const text = charset.decode(bytes.subarray(start, end), 'text');
  const values = text.split('\\').map((value) => trimPadding(value, 'both-ends'));
  if (values.length === 1 && values[0] === '') return undefined;
  const areNumbers = values.every((value) => value === '' || isFaithfulNumber(value));
  const members = values.map((value) =>
    value === '' ? 'null' : areNumbers ? value : JSON.stringify(value),
  );
  return `[${members.join(',')}]`;
}

/** The common case: numbers of few digits without exponent or padding, separated by `\`. */
function isPlainNumberList(bytes: Uint8Array, start: number, end: number): boolean {
  let index = start;
  for (;;) {
    if (index < end && bytes[index] === minus) index++;
    const integerStart = index;
    while (index < end && isDigit(bytes[index]!)) index++;
    let digitCount = index - integerStart;
    if (digitCount === 0 || (digitCount > 1 && bytes[integerStart] === zero)) return false;
    if (index < end && bytes[index] === point) {
      const fractionStart = ++index;
      while (index < end && isDigit(bytes[index]!)) index++;
      if (index === fractionStart) return false;
      digitCount += index - fractionStart;
    }
    if (digitCount > safeDigitCountMax) return false;
    if (index === end) return true;
    if (bytes[index++] !== delimiter) return false;
  }
}

function isDigit(byte: number): boolean {
  return byte >= zero && byte <= nine;
}

/** A legal JSON number whose significant digits are those of the nearest double printed to as many digits. */
function isFaithfulNumber(text: string): boolean {
  if (!jsonNumber.test(text)) return false;
  const digits = significantDigits(text);
  if (digits === '') return true;
  if (digits.length > significantDigitCountMax) return false;
  const value = Number(text);
  return (
    Number.isFinite(value) && significantDigits(value.toExponential(digits.length - 1)) === digits
  );
}

function significantDigits(text: string): string {
  const mantissa = text.replace(/[eE].*$/, '').replace(/[-.]/g, '');
  return mantissa.replace(/^0+/, '').replace(/0+$/, '');
}
