import { GantryError } from '#engine/base/error-catalogue.js';
import {
  explicitVrLittleEndianUid,
  findTransferSyntax,
} from '#engine/dicom/dictionary/transfer-syntaxes.js';
import type { AcceptedType } from '#src/http/accept.js';

/** How the frames of one response are sent. */
export interface FrameRepresentation {
  readonly isMultipart: boolean;
  readonly mediaType: string;
  /** Transfer syntax of the bytes sent, as the part header names it. */
  readonly transferSyntaxUid: string;
}

const octetStream = 'application/octet-stream';

/** Spellings of older editions that clients still send. */
const mediaTypeAliases: Readonly<Record<string, string>> = {
  'image/x-jls': 'image/jls',
  'image/x-dicom-rle': 'image/dicom-rle',
  'image/x-dicom+rle': 'image/dicom-rle',
  'image/jph': 'image/jphc',
};

/**
 * Chooses among what the client accepts (best first) a representation that the stored frames have as they are
 * (PS3.18 §8.7.3.3 and §8.7.8). `not-acceptable` when there is none.
 */
export function chooseFrameRepresentation(
  accepted: readonly AcceptedType[],
  storedTransferSyntaxUid: string,
): FrameRepresentation {
  const stored = findTransferSyntax(storedTransferSyntaxUid);
  const isEncapsulated = stored?.isEncapsulated ?? false;
  // Native frames are little endian when they leave, whatever the data set around them was.
  const transferSyntaxUid = isEncapsulated ? storedTransferSyntaxUid : explicitVrLittleEndianUid;
  const storedMediaType = stored?.frameMediaType ?? octetStream;
  for (const entry of accepted) {
    const isMultipart = entry.type === 'multipart/related' || entry.type.includes('*');
    const wanted = isMultipart ? (entry.partType ?? '*/*') : entry.type;
    const type = mediaTypeAliases[wanted] ?? wanted;
    const syntax = entry.transferSyntaxUid;
    const isSyntaxFree = syntax === undefined || syntax === '*';
    if (!isSyntaxFree && syntax !== storedTransferSyntaxUid && syntax !== transferSyntaxUid) {
      continue;
    }
    if (type === '*/*' || type === 'application/*') {
      return { isMultipart, mediaType: octetStream, transferSyntaxUid };
    }
    if (type === octetStream) {
      // Without a transfer syntax, octet-stream means uncompressed little endian.
      if (isEncapsulated && syntax === undefined) continue;
      return { isMultipart, mediaType: octetStream, transferSyntaxUid };
    }
    const isSameKind = type.endsWith('/*') && storedMediaType.startsWith(type.slice(0, -1));
    if (isEncapsulated && (type === storedMediaType || isSameKind)) {
      return { isMultipart, mediaType: storedMediaType, transferSyntaxUid };
    }
  }
  throw new GantryError(
    'not-acceptable',
    `the frames are stored in transfer syntax ${storedTransferSyntaxUid}; ask for transfer-syntax=*`,
  );
}
