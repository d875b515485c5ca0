import {
  explicitVrLittleEndianUid,
  findTransferSyntax,
} from '#engine/dicom/dictionary/transfer-syntaxes.js';
import { coversType, negotiate, type AcceptedMedia } from '#src/http/accept.js';

/** How the frames of one response are sent. */
export interface FrameRepresentation {
  readonly isMultipart: boolean;
  readonly mediaType: string;
  /** Transfer syntax of the bytes sent, as the part header names it. */
  readonly transferSyntaxUid: string;
}

const octetStream = 'application/octet-stream';

/**
 * Chooses among what the client accepts (best first) a representation that the stored frames have as they are
 * (PS3.18 §8.7.3.3 and §8.7.8). `not-acceptable` when there is none.
 */
export function chooseFrameRepresentation(
  accepted: readonly AcceptedMedia[],
  storedTransferSyntaxUid: string,
): FrameRepresentation {
  const stored = findTransferSyntax(storedTransferSyntaxUid);
  const isEncapsulated = stored?.isEncapsulated ?? false;
  // Native frames are little endian when they leave, whatever the data set around them was.
  const transferSyntaxUid = isEncapsulated ? storedTransferSyntaxUid : explicitVrLittleEndianUid;
  const mediaType = (media: AcceptedMedia): string | undefined => {
    const { transferSyntaxes } = media;
    const isAnySyntax = transferSyntaxes.includes('*');
    const isNamed = [storedTransferSyntaxUid, transferSyntaxUid].some((uid) =>
      transferSyntaxes.includes(uid),
    );
    if (transferSyntaxes.length > 0 && !isAnySyntax && !isNamed) return undefined;
    // octet-stream without a transfer syntax means uncompressed little endian; a wildcard takes what there is.
    const isBare = media.type === octetStream && transferSyntaxes.length === 0;
    if (coversType(media, octetStream) && !(isEncapsulated && isBare)) return octetStream;
    if (stored !== undefined && isEncapsulated && coversType(media, stored.frameMediaType)) {
      return stored.frameMediaType;
    }
    return undefined;
  };
  return negotiate(
    accepted,
    (media) => {
      const type = mediaType(media);
      if (type === undefined) return undefined;
      return { isMultipart: media.isMultipart ?? true, mediaType: type, transferSyntaxUid };
    },
    `the frames as stored: transfer-syntax=${storedTransferSyntaxUid}, or *`,
  );
}
