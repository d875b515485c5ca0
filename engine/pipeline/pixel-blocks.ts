import { GantryError } from '#engine/base/error-catalogue.js';
import { explicitVrLittleEndianUid } from '#engine/dicom/dictionary/transfer-syntaxes.js';
import {
  nativeFrameBytes,
  samplesPerFrame,
} from '#engine/dicom/pixel-data/image-pixel-description.js';
import type { InstanceTranscoderParts, InstanceTranscoding } from './transcode-instance.js';
import type { PixelBlocks } from './transcoded-source.js';

const numberOfFramesTag = '00280008';

/** Longest value of a native element: the next even number is the mark of an undefined length. */
const nativeBytesMax = 0xfffffffe;

/** (FFFE,E0DD) with its length of 0, PS3.5 Table A.4-1. */
export const sequenceEnd = Uint8Array.from([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0]);

/** An instance whose pixel data stays as it is. */
export const noBlocks: PixelBlocks = {
  count: 0,
  blockBytes: undefined,
  length: 0,
  make: () => Promise.resolve(new Uint8Array(0)),
};

/** Frames as native pixel data has them, one after another; those of 1 bit without padding between them (PS3.5 §8.1.1). */
export function nativeBlocks(
  { layouts, frames }: InstanceTranscoderParts,
  { partition, record }: InstanceTranscoding,
): PixelBlocks {
  const image = layouts.imagePixelDescription(partition, record);
  const frameCount = frameCountOf({ layouts }, { partition, record });
  const frame = (index: number): Promise<Uint8Array> =>
    frames.transcodeToBytes(
      { partition, record, frameNumber: index + 1 },
      explicitVrLittleEndianUid,
    );
  const frameBits = samplesPerFrame(image);
  const isPacked = image.bitsAllocated === 1 && frameBits % 8 !== 0;
  const frameBytes = nativeFrameBytes(image);
  // Eight frames of whatever number of bits end on a byte.
  const framesPerBlock = isPacked ? 8 : 1;
  const blockBytes = isPacked ? frameBits : frameBytes;
  const length = isPacked ? Math.ceil((frameCount * frameBits) / 8) : frameCount * frameBytes;
  if (length > nativeBytesMax) {
    throw new GantryError('not-acceptable', `${length} bytes do not fit into native pixel data`);
  }
  return {
    count: Math.ceil(frameCount / framesPerBlock),
    blockBytes,
    length,
    make: async (index) => {
      if (!isPacked) return frame(index);
      const first = index * framesPerBlock;
      const count = Math.min(framesPerBlock, frameCount - first);
      const block = new Uint8Array(Math.ceil((count * frameBits) / 8));
      for (let n = 0; n < count; n++) {
        appendBits(block, n * frameBits, (await frame(first + n)).subarray(0, frameBytes));
      }
      return block;
    },
  };
}

/** Frames as encapsulated pixel data has them: an empty offset table, then a fragment each (PS3.5 §A.4). */
export function encapsulatedBlocks(
  { layouts, frames }: InstanceTranscoderParts,
  { partition, record, transferSyntaxUid }: InstanceTranscoding,
): PixelBlocks {
  return {
    count: frameCountOf({ layouts }, { partition, record }),
    blockBytes: undefined,
    length: undefined,
    make: async (index) => {
      const address = { partition, record, frameNumber: index + 1 };
      const codestream = await frames.transcodeToBytes(address, transferSyntaxUid);
      return index === 0
        ? Buffer.concat([fragment(new Uint8Array(0)), fragment(codestream)])
        : fragment(codestream);
    },
  };
}

/** Throws `not-acceptable` when the frames are not those that Number of Frames tells of: which they are is anybody's guess. */
function frameCountOf(
  { layouts }: Pick<InstanceTranscoderParts, 'layouts'>,
  { partition, record }: Pick<InstanceTranscoding, 'partition' | 'record'>,
): number {
  const { pixel } = layouts.layoutOf(partition, record);
  const frameCount = pixel.kind === 'none' ? 0 : pixel.frameCount;
  const numberOfFrames = Number(record.attributes[numberOfFramesTag]?.Value?.[0] ?? 1);
  if (frameCount === numberOfFrames) return frameCount;
  throw new GantryError(
    'not-acceptable',
    `the pixel data holds ${frameCount} of ${numberOfFrames} frames`,
  );
}

/** An item of even length. */
function fragment(value: Uint8Array): Buffer {
  const item = Buffer.alloc(8 + value.length + (value.length % 2));
  item.writeUInt32LE(0xe000fffe, 0);
  item.writeUInt32LE(item.length - 8, 4);
  item.set(value, 8);
  return item;
}

/** Puts packed bits behind the first `startBits` of `target`. What pads the bits before is cleared. */
function appendBits(target: Uint8Array, startBits: number, bits: Uint8Array): void {
  const shift = startBits % 8;
  let at = startBits >> 3;
  target[at] = target[at]! & ((1 << shift) - 1);
  for (const byte of bits) {
    target[at] = target[at]! | (byte << shift);
    at++;
    if (at < target.length) target[at] = shift > 0 ? byte >> (8 - shift) : 0;
  }
}
