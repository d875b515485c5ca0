import { GantryError } from '#engine/base/error-catalogue.js';
import { explicitVrBigEndianUid } from '#engine/dicom/dictionary/transfer-syntaxes.js';
import { swapWords } from '#engine/dicom/encoding/swap-words.js';
import type { InstanceLayout, PixelLayout } from '#engine/dicom/instance/parsed-instance.js';
import {
  frameTablePageEntries,
  joinFragments,
  readFrameEntry,
} from '#engine/dicom/pixel-data/frame-table.js';
import type { BlobSource } from '../engine-types.js';
import { fragmentedSource } from './fragmented-source.js';
import { inflateRange } from './inflate-range.js';
import type { InstanceLayouts } from './instance-layouts.js';
import { findPixelDataValue, swappedWordBytes } from './little-endian-words.js';
import type { BlobAddress, BlobRangeReader } from './read-blob.js';
import { bytesSource, openBlobSource, readWhole } from './retrieve-instance.js';

/** A frame of several fragments up to this length is joined in memory; a longer one, a video, is read where it lies. */
const joinedBytesMax = 16 * 1024 * 1024;

export interface FrameAddress extends BlobAddress {
  /** 1-based. */
  readonly frameNumber: number;
}

/**
 * Frame `frameNumber` (1-based) as stored: native pixels in little endian, or the codestream without item headers
 * (PS3.18 §8.7.3.3). As a rule that is one stretch of the blob, whatever the size of the instance.
 */
export function retrieveFrame(
  reader: BlobRangeReader,
  layouts: InstanceLayouts,
  address: FrameAddress,
): BlobSource | Promise<BlobSource> {
  const { partition, record, frameNumber } = address;
  const layout = layouts.layoutOf(partition, record);
  const { pixel } = layout;
  if (pixel.kind === 'none') throw new GantryError('not-found', 'the instance has no pixel data');
  if (frameNumber > pixel.frameCount) {
    throw new GantryError('not-found', `the instance has ${pixel.frameCount} frames`);
  }
  if (pixel.kind === 'native') {
    const range = nativeFrameRange(pixel, frameNumber);
    if (layout.transferSyntaxUid !== explicitVrBigEndianUid) {
      return nativeFrame(reader, address, layout, range);
    }
    const is32Bit = (): boolean => layouts.findBitsAllocated(partition, record) === 32;
    const bytesPerWord = swappedWordBytes(layout, findPixelDataValue(layout), is32Bit);
    return swappedFrame(reader, address, bytesPerWord, { ...range, pixel });
  }
  const page = layouts.frameTablePage(partition, record, frameNumber - 1);
  const entry = readFrameEntry(page, (frameNumber - 1) % frameTablePageEntries);
  if (entry === undefined) throw new GantryError('corrupt', 'the frame table is too short');
  const { offset, length, fragmentCount } = entry;
  const range = openBlobSource(reader, address, offset, length);
  if (fragmentCount === 1) return range;
  if (length > joinedBytesMax) return fragmentedSource(range, fragmentCount);
  return readWhole(range).then((bytes) => bytesSource(joinFragments(bytes, fragmentCount)));
}

function nativeFrame(
  reader: BlobRangeReader,
  address: BlobAddress,
  layout: InstanceLayout,
  { offset, length, shiftBits, frameBits }: NativeFrameRange,
): BlobSource | Promise<BlobSource> {
  const range = openBlobSource(reader, address, offset, length);
  if (!layout.deflated && shiftBits === 0) return range;
  const stored = layout.deflated
    ? inflateRange(openBlobSource(reader, address, layout.dataSetOffset), offset, length)
    : readWhole(range);
  return stored.then((bytes) =>
    bytesSource(shiftBits === 0 ? bytes : alignBits(bytes, shiftBits, frameBits)),
  );
}

/** A big endian frame. Words are read whole, also where a frame of an odd length starts or ends inside one. */
async function swappedFrame(
  reader: BlobRangeReader,
  address: BlobAddress,
  bytesPerWord: number,
  {
    pixel,
    offset,
    length,
    shiftBits,
    frameBits,
  }: NativeFrameRange & { readonly pixel: NativeLayout },
): Promise<BlobSource> {
  const lead = (offset - pixel.offset) % bytesPerWord;
  const wordsEnd = Math.ceil((lead + length) / bytesPerWord) * bytesPerWord;
  const available = pixel.offset + pixel.length - (offset - lead);
  const wordsLength = Math.min(wordsEnd, available);
  const words = await readWhole(openBlobSource(reader, address, offset - lead, wordsLength));
  swapWords(words, bytesPerWord);
  const bytes = words.subarray(lead, lead + length);
  return bytesSource(shiftBits === 0 ? bytes : alignBits(bytes, shiftBits, frameBits));
}

type NativeLayout = Extract<PixelLayout, { kind: 'native' }>;

interface NativeFrameRange {
  readonly offset: number;
  readonly length: number;
  /** Bits in front of the frame in its first byte. */
  readonly shiftBits: number;
  readonly frameBits: number;
}

/** Where a native frame lies. Frames of 1-bit pixels follow each other without padding (PS3.5 §8.1.1), so may start mid-byte. */
function nativeFrameRange(pixel: NativeLayout, frameNumber: number): NativeFrameRange {
  const startBits = (frameNumber - 1) * pixel.frameBits;
  const startByte = Math.floor(startBits / 8);
  const endByte = Math.min(Math.ceil((startBits + pixel.frameBits) / 8), pixel.length);
  return {
    offset: pixel.offset + startByte,
    length: Math.max(endByte - startByte, 0),
    shiftBits: startBits % 8,
    frameBits: pixel.frameBits,
  };
}

/** Moves a frame that starts at bit `shiftBits` to the start of a byte; bits are packed least significant first. */
function alignBits(bytes: Uint8Array, shiftBits: number, frameBits: number): Uint8Array {
  const aligned = new Uint8Array(Math.ceil(frameBits / 8));
  for (let index = 0; index < aligned.length; index++) {
    const low = (bytes[index] ?? 0) >> shiftBits;
    aligned[index] = low | ((bytes[index + 1] ?? 0) << (8 - shiftBits));
  }
  return aligned;
}
