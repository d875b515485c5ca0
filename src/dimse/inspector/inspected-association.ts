import { limits } from '#engine/base/limits.js';
import { findStorageSopClass } from '#engine/dicom/dictionary/sop-classes.js';
import type { AbortCause } from '#engine/upper-layer/association.js';
import type {
  AssociateReject,
  AssociateRequest,
  PresentationContextAnswer,
} from '#engine/upper-layer/pdu-types.js';
import type { UserInformation } from '#engine/upper-layer/user-information.js';
import type { AssociationEnd } from '#src/dimse/association-observer.js';
import { printable } from '#src/dimse/printable.js';

/** One association, or one attempt at it, as operators see it. Holds no data set and no secret. */
export interface InspectedAssociation {
  readonly associationId: string;
  /** Whether the peer asked for it, or we did. */
  readonly direction: 'incoming' | 'outgoing';
  readonly atTime: string;
  /** Of the peer; host and port when we called it. */
  readonly remoteAddress: string;
  readonly isTls: boolean;
  readonly result: 'accepted' | 'rejected' | 'connection-failed';
  /** The user that the requestor speaks for, when that was verified. */
  readonly userName?: string;
  readonly request?: InspectedRequest;
  /** What the acceptor said of itself and granted; the results of the contexts are in `request`. */
  readonly answer?: InspectedUserInformation;
  /** Why one that we asked for did not come about. */
  readonly failure?: string;
  readonly reject?: AssociateReject;
  end?: InspectedEnd;
  /** What to configure, here or at the peer. */
  readonly hints: readonly string[];
}

/** User information of a request or an answer (PS3.7 §D.3.3). */
export interface InspectedUserInformation {
  readonly implementationClassUid: string;
  readonly implementationVersionName?: string;
  readonly maximumLengthBytes: number;
  readonly asynchronousOperationsWindow?: object;
  readonly roleSelections?: readonly object[];
  /** `information` in hexadecimal. */
  readonly extendedNegotiations?: readonly object[];
  /** The kind of identity that was offered; never the identity. */
  readonly userIdentityType?: number;
}

export interface InspectedRequest extends InspectedUserInformation {
  readonly calledAeTitle: string;
  readonly callingAeTitle: string;
  readonly contexts: readonly InspectedContext[];
}

export interface InspectedContext {
  readonly contextId: number;
  readonly abstractSyntaxUid: string;
  readonly abstractSyntaxName?: string;
  readonly transferSyntaxUids: readonly string[];
  /** PS3.8 Table 9-18; absent when the association was rejected. */
  readonly result?: number;
  readonly acceptedTransferSyntaxUid?: string;
}

export interface InspectedEnd {
  readonly end: AssociationEnd;
  readonly cause?: AbortCause;
  readonly operationsCompleted: number;
  readonly operationsFailed: number;
  readonly durationMs: number;
}

/** Transfer syntaxes kept of one proposed context: more than anyone has reason to propose. */
const transferSyntaxesKeptMax = 40;

/** Bytes kept of one extended negotiation; those of the standard have some five. */
const informationBytesKeptMax = 32;

/** What is kept of a request, with the results of its contexts if it was accepted. */
export function inspectRequest(
  request: AssociateRequest,
  answers: readonly PresentationContextAnswer[],
): InspectedRequest {
  const answersById = new Map(answers.map((answer) => [answer.contextId, answer]));
  return {
    calledAeTitle: printable(request.calledAeTitle),
    callingAeTitle: printable(request.callingAeTitle),
    ...inspectUserInformation(request.userInformation),
    contexts: request.presentationContexts.map((context) => {
      const { contextId, abstractSyntaxUid, transferSyntaxUids } = context;
      const name = findStorageSopClass(abstractSyntaxUid)?.name;
      const answer = answersById.get(contextId);
      return {
        contextId,
        abstractSyntaxUid,
        ...(name !== undefined && { abstractSyntaxName: name }),
        transferSyntaxUids: transferSyntaxUids.slice(0, transferSyntaxesKeptMax),
        ...(answer !== undefined && { result: answer.result }),
        ...(answer?.result === 0 && { acceptedTransferSyntaxUid: answer.transferSyntaxUid }),
      };
    }),
  };
}

/** What is kept of user information: nothing that is secret, and no more of each kind than contexts make sense for. */
export function inspectUserInformation(information: UserInformation): InspectedUserInformation {
  const { implementationVersionName, asynchronousOperationsWindow, userIdentity } = information;
  const roles = information.roleSelections.slice(0, limits.presentationContextCountMax);
  const extended = information.extendedNegotiations.slice(0, limits.presentationContextCountMax);
  return {
    implementationClassUid: information.implementationClassUid,
    maximumLengthBytes: information.maximumLengthBytes,
    ...(implementationVersionName !== undefined && {
      implementationVersionName: printable(implementationVersionName).slice(0, 16),
    }),
    ...(asynchronousOperationsWindow !== undefined && { asynchronousOperationsWindow }),
    ...(roles.length > 0 && { roleSelections: roles }),
    ...(extended.length > 0 && {
      extendedNegotiations: extended.map(({ sopClassUid, information: bytes }) => ({
        sopClassUid,
        information: Buffer.from(bytes).toString('hex', 0, informationBytesKeptMax),
      })),
    }),
    ...(userIdentity !== undefined && { userIdentityType: userIdentity.type }),
  };
}
