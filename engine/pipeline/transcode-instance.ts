import { GantryError } from '#engine/base/error-catalogue.js';
import { isConvertedWithLoss } from '#engine/codec/codec-registry.js';
import type { RangeSource } from '#engine/dicom/data-set/range-source.js';
import {
  rewritableTransferSyntaxes,
  rewriteDataSet,
  type DataSetRewrite,
} from '#engine/dicom/data-set/rewrite-data-set.js';
import {
  explicitVrLittleEndianUid,
  findTransferSyntax,
  isNativeTransferSyntax,
} from '#engine/dicom/dictionary/transfer-syntaxes.js';
import type { InstanceLayout } from '#engine/dicom/instance/parsed-instance.js';
import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';
import { writeFileMeta } from '#engine/dicom/part10/file-meta-information.js';
import { nativeFrameBytes } from '#engine/dicom/pixel-data/image-pixel-description.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import type { BlobSource, TranscodedInstance } from '../engine-types.js';
import { InflatedSource } from './inflated-source.js';
import type { InstanceLayouts } from './instance-layouts.js';
import type { BlobRangeReader } from './read-blob.js';
import { openBlobSource } from './retrieve-instance.js';
import type { FrameTranscoder } from './transcode-frame.js';
import {
  derivedInstanceUid,
  lossyAttributes,
  offsetTableTags,
  transcodedAttributes,
} from './transcoded-attributes.js';
import { encapsulatedBlocks, nativeBlocks, noBlocks, sequenceEnd } from './pixel-blocks.js';
import { TranscodedSource } from './transcoded-source.js';

const sopClassUidTag = '00080016';
const lossyMethodTag = '00282114';
const pixelDataPaths: ReadonlySet<string> = new Set(['7FE00010', '7FE00008', '7FE00009']);
const undefinedLength = 0xffffffff;

export interface InstanceTranscoderParts {
  readonly blobs: BlobRangeReader;
  readonly layouts: InstanceLayouts;
  readonly frames: FrameTranscoder;
}

/** An instance and what it is to become. */
export interface InstanceTranscoding {
  readonly partition: number;
  readonly record: InstanceRecord;
  readonly transferSyntaxUid: string;
}

/** Why an instance cannot be had in another transfer syntax than the stored one; undefined when it can. */
export function instanceTranscodingRefusal(
  { layouts, frames }: InstanceTranscoderParts,
  { partition, record, transferSyntaxUid: toUid }: InstanceTranscoding,
): string | undefined {
  const from = findTransferSyntax(record.transferSyntaxUid);
  const isToNative = rewritableTransferSyntaxes.includes(toUid);
  if (from === undefined || !(from.isEncapsulated || isNativeTransferSyntax(from.uid))) {
    return `instances in ${record.transferSyntaxUid} are sent as stored`;
  }
  if (!isToNative && findTransferSyntax(toUid)?.isEncapsulated !== true) {
    return 'nothing is converted to this transfer syntax';
  }
  if (isToNative && !from.isEncapsulated) return undefined;
  const layout = layouts.layoutOf(partition, record);
  if (!hasPixelData(layout)) return undefined;
  const { pixel } = layout;
  if (pixel.kind === 'none' || pixel.frameCount === 0) return 'its frames cannot be told apart';
  const frameUid = isToNative ? explicitVrLittleEndianUid : toUid;
  return (
    frames.refusal(partition, record, frameUid) ?? frames.knownFault(partition, record, frameUid)
  );
}

/**
 * An instance in another transfer syntax (PS3.5 §8.2, §A.4), made while it is read; its first frame is made before this resolves.
 * Element headers are written anew, values stay, but for what `transcodedAttributes` changes. Rejects with `not-acceptable` where
 * `instanceTranscodingRefusal` has a reason and when the frames are not those that the data set tells of, `corrupt` and others.
 */
export async function transcodeInstance(
  parts: InstanceTranscoderParts,
  transcoding: InstanceTranscoding,
): Promise<TranscodedInstance> {
  const { partition, record, transferSyntaxUid: toUid } = transcoding;
  const refusal = instanceTranscodingRefusal(parts, transcoding);
  if (refusal !== undefined) throw new GantryError('not-acceptable', refusal);
  const layout = parts.layouts.layoutOf(partition, record);
  const isFromNative = isNativeTransferSyntax(record.transferSyntaxUid);
  const isToNative = rewritableTransferSyntaxes.includes(toUid);
  const isHeaderOnly = (isFromNative && isToNative) || !hasPixelData(layout);
  const pixels = isHeaderOnly
    ? noBlocks
    : isToNative
      ? nativeBlocks(parts, transcoding)
      : encapsulatedBlocks(parts, transcoding);
  const isLossy = !isHeaderOnly && isConvertedWithLoss(toUid);
  const rewrite: DataSetRewrite = {
    fromTransferSyntaxUid: record.transferSyntaxUid,
    toTransferSyntaxUid: toUid,
    ...(!isHeaderOnly && pixelChanges(parts, transcoding, pixels.length)),
  };
  const derived = isLossy ? await lossyChanges(parts, transcoding) : {};
  const {
    head,
    tail,
    hasPixelData: isReplaced,
  } = await rewriteDataSet(openDataSet(parts.blobs, transcoding, layout), {
    ...rewrite,
    changes: { ...rewrite.changes, ...derived },
  });
  if (!isHeaderOnly && !isReplaced) throw new GantryError('corrupt', 'the pixel data is not found');
  const behind = pixels.length === undefined ? sequenceEnd : new Uint8Array(pixels.length % 2);
  const sopInstanceUid = isLossy ? lossyInstanceUid(parts, transcoding) : record.sopInstanceUid;
  const source = new TranscodedSource(
    {
      fileMeta: fileMetaOf(record, sopInstanceUid, toUid),
      head,
      pixels,
      tail: isHeaderOnly ? tail : prefixed(behind, tail),
    },
    sopInstanceUid,
  );
  await source.prepare();
  return source;
}

/** What changes when pixel data is encoded anew; `length` is that of its native value. */
function pixelChanges(
  { layouts }: InstanceTranscoderParts,
  { partition, record, transferSyntaxUid }: InstanceTranscoding,
  length: number | undefined,
): Pick<DataSetRewrite, 'changes' | 'removed' | 'pixelData'> {
  const image = layouts.imagePixelDescription(partition, record);
  const isWide = length !== undefined && image.bitsAllocated > 8;
  return {
    changes: transcodedAttributes(image, record.transferSyntaxUid, transferSyntaxUid),
    removed: offsetTableTags,
    pixelData: {
      vr: isWide ? 'OW' : 'OB',
      length: length === undefined ? undefinedLength : length + (length % 2),
    },
  };
}

/** What an instance that is compressed with loss says besides; how much is lost, the first frame tells. */
async function lossyChanges(
  { layouts, frames }: InstanceTranscoderParts,
  { partition, record, transferSyntaxUid: toUid }: InstanceTranscoding,
): Promise<JsonDataSet> {
  const first = await frames.transcodeToBytes({ partition, record, frameNumber: 1 }, toUid);
  return lossyAttributes({
    source: layouts.attributesUpTo(partition, record, lossyMethodTag),
    sopInstanceUid: lossyInstanceUid({ frames }, { record, transferSyntaxUid: toUid }),
    ratio: nativeFrameBytes(layouts.imagePixelDescription(partition, record)) / first.length,
    quality: frames.lossyQuality,
  });
}

/** Other bytes have another UID: those of another quality, too. */
function lossyInstanceUid(
  { frames }: Pick<InstanceTranscoderParts, 'frames'>,
  { record, transferSyntaxUid }: Pick<InstanceTranscoding, 'record' | 'transferSyntaxUid'>,
): string {
  return derivedInstanceUid(record.sopInstanceUid, `${transferSyntaxUid}/${frames.lossyQuality}`);
}

/** The data set of an instance, inflated. */
function openDataSet(
  blobs: BlobRangeReader,
  { partition, record }: InstanceTranscoding,
  { dataSetOffset, deflated }: InstanceLayout,
): RangeSource {
  const stored = openBlobSource(blobs, { partition, record }, dataSetOffset);
  return deflated ? new InflatedSource(stored) : rangesOf(stored);
}

function rangesOf(source: BlobSource): RangeSource {
  return {
    length: source.length,
    read: async (position, lengthMax) => {
      const piece = Buffer.allocUnsafe(Math.min(lengthMax, source.length - position));
      const bytesRead = await source.read(position, piece);
      return piece.subarray(0, bytesRead);
    },
  };
}

function prefixed(prefix: Uint8Array, rest: RangeSource): RangeSource {
  return {
    length: prefix.length + rest.length,
    read: (position, lengthMax) =>
      position < prefix.length
        ? Promise.resolve(prefix.subarray(position, position + lengthMax))
        : rest.read(position - prefix.length, lengthMax),
  };
}

function fileMetaOf(
  record: InstanceRecord,
  sopInstanceUid: string,
  transferSyntaxUid: string,
): Uint8Array {
  const sopClassUid = record.attributes[sopClassUidTag]?.Value?.[0];
  return writeFileMeta({
    transferSyntaxUid,
    sopClassUid: typeof sopClassUid === 'string' ? sopClassUid : '',
    sopInstanceUid,
  });
}

function hasPixelData({ pixel, bulkValues }: InstanceLayout): boolean {
  return pixel.kind !== 'none' || bulkValues.some(({ path }) => pixelDataPaths.has(path));
}
