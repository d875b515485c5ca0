import { errorCatalogue } from '#engine/base/error-catalogue.js';
import type { GantryError } from '#engine/base/error-catalogue.js';

/** Status codes of PS3.7 Annex C, and those of the Query/Retrieve service class, PS3.4 §C.4. */
export const dimseStatus = {
  success: 0x0000,
  processingFailure: 0x0110,
  noSuchObjectInstance: 0x0112,
  invalidArgumentValue: 0x0115,
  sopClassNotSupported: 0x0122,
  noSuchAction: 0x0123,
  notAuthorized: 0x0124,
  duplicateInvocation: 0x0210,
  unrecognizedOperation: 0x0211,
  resourceLimitation: 0x0213,
  outOfResources: 0xa700,
  /** Out of resources: what a retrieval matches cannot be counted. */
  matchesNotCounted: 0xa701,
  /** Every sub-operation of a retrieval failed. */
  subOperationsFailed: 0xa702,
  moveDestinationUnknown: 0xa801,
  /** Sub-operations of a retrieval failed or ended with a warning. */
  subOperationsIncomplete: 0xb000,
  cancel: 0xfe00,
  pending: 0xff00,
  /** Pending; optional keys are not supported. */
  pendingWithUnsupportedKeys: 0xff01,
} as const;

/** Length of Error Comment (0000,0902), VR LO. */
const errorCommentLengthMax = 64;

/** A tag as details of catalogue errors write it. */
const tagPattern = /\(([0-9A-Fa-f]{4}),([0-9A-Fa-f]{4})\)/;

/** The status elements of a response to an operation that failed (PS3.7 §C). */
export interface FailureStatus {
  readonly status: number;
  readonly errorComment: string;
  readonly offendingElement?: readonly number[];
}

/**
 * The status elements of a response for `error`: its status in the catalogue, an Error Comment, and the Offending Element
 * (PS3.7 §C.5.14) when the detail names a tag.
 */
export function failureStatus(error: GantryError): FailureStatus {
  const tag = tagPattern.exec(error.detail);
  return {
    status: errorCatalogue[error.code].dimse,
    errorComment: toErrorComment(error.detail === '' ? error.message : error.detail),
    ...(tag !== null && {
      offendingElement: [parseInt(`${tag[1] ?? ''}${tag[2] ?? ''}`, 16)],
    }),
  };
}

/** Text made fit for an Error Comment, an LO of the default repertoire: printable, no backslash, 64 characters. */
export function toErrorComment(text: string): string {
  return text.replace(/[^\x20-\x5b\x5d-\x7e]/g, '?').slice(0, errorCommentLengthMax);
}
