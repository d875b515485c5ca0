import { compileCodecs, createCodecSet } from '#engine/codec/codec-set.js';
import { encodeFrame } from '#engine/codec/encode-frame.js';
import type { ImagePixelDescription } from '#engine/dicom/pixel-data/image-pixel-description.js';
import type { ImageShape } from './instance-template.js';

const ITEM = 0xe000fffe;
const SEQUENCE_DELIMITATION_ITEM = 0xe0ddfffe;

/** Compresses native frames of 12-bit values in 16 bits without loss. */
export async function compressFrames(
  frames: readonly Buffer[],
  { rows, columns }: ImageShape,
  transferSyntaxUid: string,
): Promise<Uint8Array[]> {
  const codecs = createCodecSet(await compileCodecs());
  const image: ImagePixelDescription = {
    rows,
    columns,
    samplesPerPixel: 1,
    photometricInterpretation: 'MONOCHROME2',
    planarConfiguration: 0,
    bitsAllocated: 16,
    bitsStored: 12,
    isSigned: false,
  };
  const codestreams: Uint8Array[] = [];
  for (const frame of frames) {
    codestreams.push(
      await encodeFrame(new Uint8Array(frame), { image, toUid: transferSyntaxUid }, codecs),
    );
  }
  return codestreams;
}

/** The value of Pixel Data with one fragment a frame and an empty offset table (PS3.5 §A.4). */
export function encapsulate(codestreams: readonly Uint8Array[]): Buffer {
  const pieces: Uint8Array[] = [itemHeader(ITEM, 0)];
  for (const codestream of codestreams) {
    const padding = codestream.length % 2;
    pieces.push(itemHeader(ITEM, codestream.length + padding), codestream, Buffer.alloc(padding));
  }
  pieces.push(itemHeader(SEQUENCE_DELIMITATION_ITEM, 0));
  return Buffer.concat(pieces);
}

function itemHeader(tag: number, length: number): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(tag, 0);
  header.writeUInt32LE(length, 4);
  return header;
}
