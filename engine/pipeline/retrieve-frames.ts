import { GantryError } from '#engine/base/error-catalogue.js';
import { explicitVrBigEndianUid } from '#engine/dicom/dictionary/transfer-syntaxes.js';
import { vrCode, wordBytes } from '#engine/dicom/dictionary/vr.js';
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
  if (layout.deflated) {
    const deflated = openBlobSource(reader, record.blob, layout.dataSetOffset);
    const bytes = await inflateRange(deflated, offset, length);
    return shiftBits === 0 ? bytes : alignBits(bytes, shiftBits, pixel.frameBits);
  }
  const bytes = await reader.read(record.blob, offset, length);
  if (layout.transferSyntaxUid === explicitVrBigEndianUid) swapWords(bytes, wordBytesOf(layout));
  return shiftBits === 0 ? bytes : alignBits(bytes, shiftBits, pixel.frameBits);
}

/** Bytes of the words that pixel data consists of: their order is what big endian turns round (PS3.5 §7.3, §8.1.1). */
function wordBytesOf(layout: InstanceLayout): number {
  const value = layout.bulkValues.find(({ path }) => pixelDataPaths.has(path));
  return value === undefined ? 1 : wordBytes(vrCode(value.vr));
}

const pixelDataPaths: ReadonlySet<string> = new Set(['7FE00010', '7FE00008', '7FE00009']);

function swapWords(bytes: Uint8Array, bytesPerWord: number): void {
  const wholeWords = bytes.length - (bytes.length % bytesPerWord);
  const words = Buffer.from(bytes.buffer, bytes.byteOffset, wholeWords);
  if (bytesPerWord === 2) words.swap16();
  else if (bytesPerWord === 4) words.swap32();
  else if (bytesPerWord === 8) words.swap64();
}

/** Where a native frame lies. Frames of 1-bit pixels follow each other without padding (PS3.5 §8.1.1), so may start mid-byte. */
function nativeFrameRange(
  pixel: Extract<PixelLayout, { kind: 'native' }>,
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
