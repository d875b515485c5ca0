type BinaryNumberVr = 'AT' | 'FD' | 'FL' | 'SL' | 'SS' | 'SV' | 'UL' | 'US' | 'UV';

const smallestNormalFloat32 = 2 ** -126;

/** Values of AT and of the VRs of binary numbers as JSON text; undefined if there is not one whole value. */
export function formatBinaryNumbers(
  vr: BinaryNumberVr,
  bytes: Uint8Array,
  littleEndian: boolean,
): string | undefined {
  const valueBytes = byteLengthOf(vr);
  const end = bytes.length - (bytes.length % valueBytes);
  if (end === 0) return undefined;
  if (vr === 'US' && end === 2) return `[${readUint16(bytes, 0, littleEndian)}]`;
  const view = new DataView(bytes.buffer, bytes.byteOffset, end);
  let json = `[${formatNumber(vr, view, 0, littleEndian)}`;
  for (let offset = valueBytes; offset < end; offset += valueBytes) {
    json += `,${formatNumber(vr, view, offset, littleEndian)}`;
  }
  return `${json}]`;
}

function byteLengthOf(vr: BinaryNumberVr): number {
  switch (vr) {
    case 'SS':
    case 'US':
      return 2;
    case 'AT':
    case 'FL':
    case 'SL':
    case 'UL':
      return 4;
    case 'FD':
    case 'SV':
    case 'UV':
      return 8;
  }
}

// Nearly all binary numbers of a header are one US: no view is made for it.
function readUint16(bytes: Uint8Array, offset: number, littleEndian: boolean): number {
  const first = bytes[offset]!;
  const second = bytes[offset + 1]!;
  return littleEndian ? first | (second << 8) : (first << 8) | second;
}

function formatNumber(
  vr: BinaryNumberVr,
  view: DataView,
  offset: number,
  littleEndian: boolean,
): string | number {
  switch (vr) {
    case 'US':
      return view.getUint16(offset, littleEndian);
    case 'SS':
      return view.getInt16(offset, littleEndian);
    case 'UL':
      return view.getUint32(offset, littleEndian);
    case 'SL':
      return view.getInt32(offset, littleEndian);
    case 'FL':
      return formatFloat32(view.getFloat32(offset, littleEndian));
    case 'FD':
      return formatFloat(view.getFloat64(offset, littleEndian));
    case 'UV':
      return formatBigInt(view.getBigUint64(offset, littleEndian));
    case 'SV':
      return formatBigInt(view.getBigInt64(offset, littleEndian));
    case 'AT': {
      const group = view.getUint16(offset, littleEndian);
      const element = view.getUint16(offset + 2, littleEndian);
      const tag = (group * 0x10000 + element).toString(16).toUpperCase();
      return `"${tag.padStart(8, '0')}"`;
    }
  }
}

/** Shortest decimal that rounds to the same float32: 0.1, not 0.10000000149011612. */
function formatFloat32(value: number): string {
  if (!Number.isFinite(value) || (Number.isInteger(value) && Math.abs(value) <= 2 ** 24)) {
    return formatFloat(value);
  }
  // Six digits are the most that every normal float32 keeps (FLT_DIG); subnormal ones may need as few as one.
  const isNormal = Math.abs(value) >= smallestNormalFloat32;
  for (let digitCount = isNormal ? 6 : 1; digitCount < 9; digitCount++) {
    const decimal = Number(value.toPrecision(digitCount));
    if (Math.fround(decimal) === value) return String(decimal);
  }
  return String(Number(value.toPrecision(9)));
}

function formatFloat(value: number): string {
  if (Object.is(value, -0)) return '-0';
  if (Number.isFinite(value)) return String(value);
  if (Number.isNaN(value)) return '"NaN"';
  return value > 0 ? '"inf"' : '"-inf"';
}

function formatBigInt(value: bigint): string {
  const isSafe = value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER;
  return isSafe ? String(value) : `"${value}"`;
}
