import type { UserInformation } from './user-information.js';

/** PDU types, PS3.8 §9.3. */
export const pduType = {
  associateRequest: 0x01,
  associateAccept: 0x02,
  associateReject: 0x03,
  dataTransfer: 0x04,
  releaseRequest: 0x05,
  releaseResponse: 0x06,
  abort: 0x07,
} as const;

/** Types of the items inside association PDUs, PS3.8 §9.3.2 and §9.3.3. */
export const itemType = {
  applicationContext: 0x10,
  presentationContextRequest: 0x20,
  presentationContextAccept: 0x21,
  abstractSyntax: 0x30,
  transferSyntax: 0x40,
  userInformation: 0x50,
} as const;

/** The only application context of DICOM, PS3.7 §A.2.1. */
export const dicomApplicationContextUid = '1.2.840.10008.3.1.1.1';

/** Type, a reserved byte and the 32-bit length in front of every PDU, PS3.8 §9.3.1. */
export const pduHeaderBytes = 6;

/** The longest PDU that the length in its header can declare. */
export const pduLengthMax = 0xffff_ffff;

/** Length, presentation context id and message control header of a PDV, PS3.8 §9.3.5.1 and §E.2. */
export const pdvHeaderBytes = 6;

/** Bits of the message control header, PS3.8 §E.2. */
export const pdvControl = { command: 0x01, last: 0x02 } as const;

/** A-ASSOCIATE-RQ, PS3.8 §9.3.2. AE titles are without padding. */
export interface AssociateRequest {
  readonly protocolVersion: number;
  readonly calledAeTitle: string;
  readonly callingAeTitle: string;
  readonly applicationContextUid: string;
  readonly presentationContexts: readonly ProposedPresentationContext[];
  readonly userInformation: UserInformation;
  /** Bytes 11–74 of the PDU as received: an acceptor sends them back unchanged (PS3.8 Table 9-17). */
  readonly titleFields: Uint8Array;
}

export interface ProposedPresentationContext {
  /** Odd, 1–255. */
  readonly contextId: number;
  readonly abstractSyntaxUid: string;
  /** In the order of the sender's list. */
  readonly transferSyntaxUids: readonly string[];
}

/** A-ASSOCIATE-AC, PS3.8 §9.3.3. */
export interface AssociateAccept {
  readonly applicationContextUid: string;
  readonly presentationContexts: readonly PresentationContextAnswer[];
  readonly userInformation: UserInformation;
  readonly titleFields: Uint8Array;
}

export interface PresentationContextAnswer {
  readonly contextId: number;
  readonly result: PresentationContextResult;
  /** Significant only when the context is accepted. */
  readonly transferSyntaxUid: string;
}

/** Result of one proposed presentation context, PS3.8 Table 9-18. */
export const presentationContextResult = {
  acceptance: 0,
  userRejection: 1,
  noReason: 2,
  abstractSyntaxNotSupported: 3,
  transferSyntaxesNotSupported: 4,
} as const;

export type PresentationContextResult =
  (typeof presentationContextResult)[keyof typeof presentationContextResult];

/** A-ASSOCIATE-RJ, PS3.8 §9.3.4. */
export interface AssociateReject {
  readonly result: number;
  readonly source: number;
  readonly reason: number;
}

/** The rejections that an acceptor gives, PS3.8 Table 9-21. */
export const associateReject = {
  userNoReason: { result: 1, source: 1, reason: 1 },
  userNoReasonTransient: { result: 2, source: 1, reason: 1 },
  applicationContextNotSupported: { result: 1, source: 1, reason: 2 },
  callingAeTitleNotRecognized: { result: 1, source: 1, reason: 3 },
  calledAeTitleNotRecognized: { result: 1, source: 1, reason: 7 },
  protocolVersionNotSupported: { result: 1, source: 2, reason: 2 },
  temporaryCongestion: { result: 2, source: 3, reason: 1 },
  localLimitExceeded: { result: 2, source: 3, reason: 2 },
} as const satisfies Record<string, AssociateReject>;

/** A-ABORT, PS3.8 §9.3.8. */
export interface Abort {
  readonly source: number;
  readonly reason: number;
}

export const abortSource = { serviceUser: 0, serviceProvider: 2 } as const;

/** Reason of an A-ABORT whose source is the service provider, PS3.8 Table 9-26. */
export const abortReason = {
  notSpecified: 0,
  unrecognizedPdu: 1,
  unexpectedPdu: 2,
  unrecognizedParameter: 4,
  unexpectedParameter: 5,
  invalidParameterValue: 6,
} as const;

export type AbortReason = (typeof abortReason)[keyof typeof abortReason];

/** A PDU that cannot be accepted (Evt19): `reason` goes into the A-ABORT, `message` into the log. */
export class InvalidPduError extends Error {
  readonly reason: AbortReason;

  constructor(reason: AbortReason, message: string) {
    super(message);
    this.name = 'InvalidPduError';
    this.reason = reason;
  }
}
