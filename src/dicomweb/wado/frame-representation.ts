import { GantryError } from '#engine/base/error-catalogue.js';
import {
  explicitVrLittleEndianUid,
  findTransferSyntax,
  rleLosslessUid,
} from '#engine/dicom/dictionary/transfer-syntaxes.js';
import { coversType, equallyLiked, type AcceptedMedia } from '#src/http/accept.js';

/** How the frames of one response are sent. */
export interface FrameRepresentation {
  /** Undefined leaves the choice to us. */
  readonly isMultipart: boolean | undefined;
  readonly mediaType: string;
  /** Transfer syntax of the bytes sent, as the part header names it. */
  readonly transferSyntaxUid: string;
  /** The frames are sent as they are stored. */
  readonly isStored: boolean;
}

/** The instance whose frames are asked for. */
export interface StoredFrames {
  readonly transferSyntaxUid: string;
  /** Why its frames cannot be had in that transfer syntax; undefined when they can. */
  refusalOf(transferSyntaxUid: string): string | undefined;
}

type Represent = (
  media: AcceptedMedia,
  frames: StoredFrames,
) => Omit<FrameRepresentation, 'isMultipart'> | undefined;

const octetStream = 'application/octet-stream';

/**
 * Transfer syntaxes of a media type that is named without one, the default of PS3.18 Table 8.7.3-5 first. JPEG without one
 * means lossless there, and Baseline to browsers.
 */
const defaultSyntaxes: ReadonlyMap<string, readonly string[]> = new Map([
  [octetStream, [explicitVrLittleEndianUid]],
  ['image/dicom-rle', [rleLosslessUid]],
  ['image/jpeg', ['1.2.840.10008.1.2.4.70', '1.2.840.10008.1.2.4.50']],
  ['image/jls', ['1.2.840.10008.1.2.4.80']],
  ['image/jp2', ['1.2.840.10008.1.2.4.90']],
  ['image/jphc', ['1.2.840.10008.1.2.4.201']],
  ['image/*', ['1.2.840.10008.1.2.4.90', '1.2.840.10008.1.2.4.80', rleLosslessUid]],
]);

/**
 * Chooses among what the client accepts (best first) a representation of the frames (PS3.18 §8.7.3.3 and §8.7.8). What the
 * client likes equally well is sent as stored where one of it allows that: it costs nothing and loses nothing. Throws
 * `not-acceptable`, with the reason why the frames are not decoded where that is the reason.
 */
export function chooseFrameRepresentation(
  accepted: readonly AcceptedMedia[],
  frames: StoredFrames,
): FrameRepresentation {
  for (const peers of equallyLiked(accepted)) {
    for (const represent of [representStored, representTranscoded]) {
      for (const media of peers) {
        const found = represent(media, frames);
        if (found !== undefined) return { ...found, isMultipart: media.isMultipart };
      }
    }
  }
  const stored = frames.transferSyntaxUid;
  const refusal = frames.refusalOf(explicitVrLittleEndianUid);
  const reason = refusal === undefined ? '' : `, not decoded: ${refusal}`;
  throw new GantryError(
    'not-acceptable',
    `supported are the frames as stored: transfer-syntax=${stored}, or *${reason}`,
  );
}

const representStored: Represent = (media, { transferSyntaxUid: storedUid }) => {
  const stored = findTransferSyntax(storedUid);
  // Of a private transfer syntax nobody knows how it encodes: its frames are not called uncompressed.
  const isEncapsulated = stored?.isEncapsulated ?? true;
  // Native frames are little endian when they leave, whatever the data set around them was.
  const transferSyntaxUid = isEncapsulated ? storedUid : explicitVrLittleEndianUid;
  const { transferSyntaxes } = media;
  const isAnySyntax = transferSyntaxes.includes('*');
  const isNamed = [storedUid, transferSyntaxUid].some((uid) => transferSyntaxes.includes(uid));
  if (transferSyntaxes.length > 0 && !isAnySyntax && !isNamed) return undefined;
  // octet-stream without a transfer syntax means uncompressed little endian; a wildcard takes what there is.
  const isBare = media.type === octetStream && transferSyntaxes.length === 0;
  // Of a video there is no other form (PS3.18 §8.7.3.3 allows the stored one then).
  if (isBare && isEncapsulated && stored?.isVideo !== true) return undefined;
  if (coversType(media, octetStream)) {
    return { mediaType: octetStream, transferSyntaxUid, isStored: true };
  }
  if (stored !== undefined && isEncapsulated && coversType(media, stored.frameMediaType)) {
    return { mediaType: stored.frameMediaType, transferSyntaxUid, isStored: true };
  }
  return undefined;
};

const representTranscoded: Represent = (media, frames) => {
  const { type, transferSyntaxes } = media;
  const wanted = transferSyntaxes.length > 0 ? transferSyntaxes : defaultSyntaxes.get(type);
  for (const uid of wanted ?? []) {
    const syntax = findTransferSyntax(uid);
    if (syntax === undefined) continue;
    const mediaType = [syntax.frameMediaType, octetStream].find((one) => coversType(media, one));
    if (mediaType === undefined || frames.refusalOf(uid) !== undefined) continue;
    return { mediaType, transferSyntaxUid: uid, isStored: false };
  }
  return undefined;
};
