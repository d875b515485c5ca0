/** Reverses each word of `wordBytes` bytes in place (PS3.5 §7.3); bytes that make no whole word stay as they are. */
export function swapWords(bytes: Uint8Array, wordBytes: number): void {
  const wholeWords = bytes.length - (bytes.length % wordBytes);
  const words = Buffer.from(bytes.buffer, bytes.byteOffset, wholeWords);
  if (wordBytes === 2) words.swap16();
  else if (wordBytes === 4) words.swap32();
  else if (wordBytes === 8) words.swap64();
}
