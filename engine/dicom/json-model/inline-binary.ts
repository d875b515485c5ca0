import { type VrCode, wordBytes } from '#engine/dicom/dictionary/vr.js';

/** Base64 text of a binary value as the JSON model has it: words in little endian order, PS3.18 §F.2.7. */
export function inlineBinary(vr: VrCode, value: Uint8Array, isBigEndian: boolean): string {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const word = wordBytes(vr);
  if (!isBigEndian || word === 1) return bytes.toString('base64');
  const swapped = Buffer.from(bytes.subarray(0, bytes.length - (bytes.length % word)));
  if (word === 2) swapped.swap16();
  else if (word === 4) swapped.swap32();
  else swapped.swap64();
  return swapped.toString('base64');
}
