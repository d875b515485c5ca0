import { crc32, deflateSync } from 'node:zlib';
import type { AttributeReader } from './attribute-reader.js';
import type { RenderedFormat } from './rendering.js';

/** The colour profile of an image, or of the first optical path of a slide (PS3.3 §C.11.15); undefined when it has none. */
export function readIccProfile(attributes: AttributeReader): Uint8Array | undefined {
  const profile =
    attributes.bytes('00282000') ??
    attributes.item('00480105')?.bytes('00282000') ??
    new Uint8Array();
  const view = Buffer.from(profile.buffer, profile.byteOffset, profile.length);
  const isProfile = view.length > 128 && view.toString('latin1', 36, 40) === 'acsp';
  // Its header says how long it is; the value may be padded.
  return isProfile ? view.subarray(0, Math.min(view.readUInt32BE(0), view.length)) : undefined;
}

/** A JPEG or PNG with a colour profile put into it; other formats stay as they are. */
export function embedIccProfile(
  picture: Uint8Array,
  format: RenderedFormat,
  profile: Uint8Array,
): Uint8Array {
  if (format === 'jpeg') return insert(picture, jpegStartBytes, jpegSegments(profile));
  return format === 'png' ? insert(picture, pngHeaderBytes, pngChunk(profile)) : picture;
}

const jpegStartBytes = 2;
/** Signature and IHDR, behind which iCCP may stand. */
const pngHeaderBytes = 33;
const profileBytesPerSegment = 65_519;

/** APP2 segments of ICC.1 §B.4. */
function jpegSegments(profile: Uint8Array): Buffer {
  const count = Math.ceil(profile.length / profileBytesPerSegment);
  const segments = Array.from({ length: count }, (_, n) => {
    const start = n * profileBytesPerSegment;
    const piece = profile.subarray(start, start + profileBytesPerSegment);
    const head = Buffer.from('\xff\xe2\0\0ICC_PROFILE\0\0\0', 'latin1');
    head.writeUInt16BE(piece.length + 16, 2);
    head[16] = n + 1;
    head[17] = count;
    return Buffer.concat([head, piece]);
  });
  return Buffer.concat(segments);
}

/** The chunk iCCP of ISO/IEC 15948 §11.3.3.3. */
function pngChunk(profile: Uint8Array): Buffer {
  const content = Buffer.concat([Buffer.from('iCCPicc\0\0', 'latin1'), deflateSync(profile)]);
  const chunk = Buffer.alloc(content.length + 8);
  chunk.writeUInt32BE(content.length - 4, 0);
  content.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(content), chunk.length - 4);
  return chunk;
}

function insert(picture: Uint8Array, at: number, bytes: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.concat([picture.subarray(0, at), bytes, picture.subarray(at)]));
}
