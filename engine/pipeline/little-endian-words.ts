import { explicitVrBigEndianUid } from '#engine/dicom/dictionary/transfer-syntaxes.js';
import { vrCode, wordBytes } from '#engine/dicom/dictionary/vr.js';
import { swapWords } from '#engine/dicom/encoding/swap-words.js';
import type { BulkValue, InstanceLayout } from '#engine/dicom/instance/parsed-instance.js';
import type { BlobSource } from '../engine-types.js';

const pixelDataPaths: ReadonlySet<string> = new Set(['7FE00010', '7FE00008', '7FE00009']);

/** The bulk value that is the pixel data of the instance. */
export function findPixelDataValue({ bulkValues }: InstanceLayout): BulkValue | undefined {
  return bulkValues.find(({ path }) => pixelDataPaths.has(path));
}

/**
 * Bytes of the words that a value consists of where they have to be turned round to be little endian (PS3.5 §7.3); 1 where nothing
 * has to be. Pixels of 32 bits are turned round whole also where the VR says words of 16; `is32Bit` is asked only for these.
 */
export function swappedWordBytes(
  { transferSyntaxUid }: InstanceLayout,
  value: BulkValue | undefined,
  is32Bit: () => boolean,
): number {
  if (transferSyntaxUid !== explicitVrBigEndianUid || value === undefined) return 1;
  const isPixelData = pixelDataPaths.has(value.path);
  return isPixelData && value.vr === 'OW' && is32Bit() ? 4 : wordBytes(vrCode(value.vr));
}

/** A source with each word turned round. It is read in whole words, wherever a piece of it starts or ends. */
export function swappedSource(source: BlobSource, bytesPerWord: number): BlobSource {
  if (bytesPerWord === 1) return source;
  return {
    length: source.length,
    read: async (position, target) => {
      const length = Math.min(target.length, source.length - position);
      const lead = position % bytesPerWord;
      const wholeEnd = Math.ceil((position + length) / bytesPerWord) * bytesPerWord;
      const end = Math.min(wholeEnd, source.length);
      const words = Buffer.allocUnsafe(end - (position - lead));
      await source.read(position - lead, words);
      swapWords(words, bytesPerWord);
      target.set(words.subarray(lead, lead + length));
      return length;
    },
  };
}
