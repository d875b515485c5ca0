/** An item or sub-item: type, reserved byte, 16-bit length, value (PS3.8 §9.3.2). */
export function item(type: number, value: Uint8Array): Buffer {
  const bytes = Buffer.alloc(4 + value.length);
  bytes.writeUInt8(type, 0);
  bytes.writeUInt16BE(value.length, 2);
  bytes.set(value, 4);
  return bytes;
}

/** A field with its 16-bit length in front, as user information sub-items hold them. */
export function counted(value: Uint8Array): Buffer {
  const bytes = Buffer.alloc(2 + value.length);
  bytes.writeUInt16BE(value.length, 0);
  bytes.set(value, 2);
  return bytes;
}

/** Characters of a UID or name as bytes. */
export function text(value: string): Buffer {
  return Buffer.from(value, 'latin1');
}
