/** From here on the call into native code costs less than it saves. */
const nativeBytesMin = 1024;

/**
 * Copies `source` to `offset` of `target`, either of which may be shared memory. `set` of V8 copies such memory word by word at
 * best, and byte by byte where source and target are aligned differently, as payloads of PDUs and of multipart are: two to ten
 * times slower than `fill`, which is one `memcpy` when source and range are of one length.
 */
export function copyShared(target: Buffer, offset: number, source: Uint8Array): void {
  if (source.length < nativeBytesMin) target.set(source, offset);
  else target.fill(source, offset, offset + source.length);
}
