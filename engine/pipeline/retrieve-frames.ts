import { GantryError } from '#engine/base/error-catalogue.js';
import { explicitVrBigEndianUid } from '#engine/dicom/dictionary/transfer-syntaxes.js';
import type { InstanceLayout, PixelLayout } from '#engine/dicom/instance/parsed-instance.js';
import {
  frameTablePageEntries,
  joinFragments,
  readFrameEntry,
} from '#engine/dicom/pixel-data/frame-table.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import { inflateRange } from './inflate-range.js';
import type { InstanceLayouts } from './instance-layouts.js';
import type { BlobRangeReader } from './read-blob.js';
import { openBlobSource } from './retrieve-instance.js';

export interface FrameAddress {
  readonly partition: number;
  readonly record: InstanceRecord;
  /** 1-based. */
  readonly frameNumber: number;
}

/**
 * Bytes of frame `frameNumber` (1-based) as stored: native pixels in little endian, or the codestream without item headers
 * (PS3.18 §8.7.3.3).
 * One positioned read whatever the size of the instance.
 */
export async function retrieveFrame(
  reader: BlobRangeReader,
  layouts: InstanceLayouts,
  { partition, record, frameNumber }: FrameAddress,
): Promise<Uint8Array> {
  const layout = layouts.layoutOf(partition, record);
  const { pixel } = layout;
  if (pixel.kind === 'none') throw new GantryError('not-found', 'the instance has no pixel data');
  if (frameNumber > pixel.frameCount) {
    throw new GantryError('not-found', `the instance has ${pixel.frameCount} frames`);
  }
  if (pixel.kind === 'encapsulated') {
    const page = layouts.frameTablePage(partition, record, frameNumber - 1);
    const entry = readFrameEntry(page, (frameNumber - 1) % frameTablePageEntries);
    if (entry === undefined) throw new GantryError('corrupt', 'the frame table is too short');
    const range = await reader.read(record.blob, entry.offset, entry.length);
    return entry.fragmentCount > 1 ? joinFragments(range, entry.fragmentCount) : range;
  }
  const { offset, length, shiftBits } = nativeFrameRange(pixel, frameNumber);
  const read = (from: number, count: number): Promise<Uint8Array> =>
    layout.deflated
      ? inflateRange(openBlobSource(reader, record.blob, layout.dataSetOffset), from, count)
      : reader.read(record.blob, from, count);
  const isBigEndian = layout.transferSyntaxUid === explicitVrBigEndianUid;
  const is32Bit = (): boolean => layouts.findBitsAllocated(partition, record) === 32;
  const wordBytes = isBigEndian ? wordBytesOf(layout, is32Bit) : 1;
  const bytes =
    wordBytes > 1
      ? await readSwapped(read, { pixel, offset, length }, wordBytes)
      : await read(offset, length);
  return shiftBits === 0 ? bytes : alignBits(bytes, shiftBits, pixel.frameBits);
}

type NativeLayout = Extract<PixelLayout, { kind: 'native' }>;

/** Reads big endian words whole, also where a frame of an odd length starts or ends inside one, and turns them round. */
async function readSwapped(
  read: (from: number, count: number) => Promise<Uint8Array>,
  range: { readonly pixel: NativeLayout; readonly offset: number; readonly length: number },
  wordBytes: number,
): Promise<Uint8Array> {
  const { pixel, offset, length } = range;
  const lead = (offset - pixel.offset) % wordBytes;
  const wordsEnd = Math.ceil((lead + length) / wordBytes) * wordBytes;
  const available = pixel.offset + pixel.length - (offset - lead);
  const words = await read(offset - lead, Math.min(wordsEnd, available));
  swapWords(words, wordBytes);
  return words.subarray(lead, lead + length);
}

/**
 * Bytes of the words that pixel data consists of: their order is what big endian turns round (PS3.5 §7.3, §8.1.1). Pixels of 32
 * bits are turned round whole also where the VR says words of 16.
 */
function wordBytesOf(layout: InstanceLayout, is32Bit: () => boolean): number {
  switch (layout.bulkValues.find(({ path }) => pixelDataPaths.has(path))?.vr) {
    case 'OW':
      return is32Bit() ? 4 : 2;
    case 'OF':
    case 'OL':
      return 4;
    case 'OD':
    case 'OV':
      return 8;
    default:
      return 1;
  }
}

const pixelDataPaths: ReadonlySet<string> = new Set(['7FE00010', '7FE00008', '7FE00009']);

function swapWords(bytes: Uint8Array, wordBytes: number): void {
  const wholeWords = bytes.length - (bytes.length % wordBytes);
  const words = Buffer.from(bytes.buffer, bytes.byteOffset, wholeWords);
  if (wordBytes === 2) words.swap16();
  else if (wordBytes === 4) words.swap32();
  else if (wordBytes === 8) words.swap64();
}

/** Where a native frame lies. Frames of 1-bit pixels follow each other without padding (PS3.5 §8.1.1), so may start mid-byte. */
function nativeFrameRange(
  pixel: NativeLayout,
  frameNumber: number,
): { offset: number; length: number; shiftBits: number } {
  const startBits = (frameNumber - 1) * pixel.frameBits;
  const startByte = Math.floor(startBits / 8);
  const endByte = Math.min(Math.ceil((startBits + pixel.frameBits) / 8), pixel.length);
  return {
    offset: pixel.offset + startByte,
    length: Math.max(endByte - startByte, 0),
    shiftBits: startBits % 8,
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
