/** Unsigned integers at a position of a window, 0 where it ends: functions of numbers only, for the loop over elements. */
export function readUint16(bytes: Uint8Array, at: number, isBig: boolean): number {
  const first = bytes[at] ?? 0;
  const second = bytes[at + 1] ?? 0;
  return isBig ? (first << 8) | second : first | (second << 8);
}

export function readUint32(bytes: Uint8Array, at: number, isBig: boolean): number {
  const first = readUint16(bytes, at, isBig);
  const second = readUint16(bytes, at + 2, isBig);
  return (isBig ? (first << 16) | second : first | (second << 16)) >>> 0;
}
