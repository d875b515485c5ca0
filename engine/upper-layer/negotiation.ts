import { limits } from '#engine/base/limits.js';
import { isAeTitle } from './ae-title.js';
import {
  associateReject,
  dicomApplicationContextUid,
  presentationContextResult,
} from './pdu-types.js';
import type {
  AssociateAccept,
  AssociateReject,
  AssociateRequest,
  PresentationContextAnswer,
  ProposedPresentationContext,
} from './pdu-types.js';
import type { ExtendedNegotiation, RoleSelection, UserInformation } from './user-information.js';

/** What an acceptor takes, and what it says of itself. */
export interface AcceptancePolicy {
  readonly implementationClassUid: string;
  readonly implementationVersionName: string;
  /** Longest P-DATA-TF variable field asked for; 0 is unlimited. */
  readonly maximumLengthBytes: number;
  /** Operations that a requestor may have outstanding, if it proposes a window (PS3.7 §D.3.3.3). */
  readonly operationsInvokedMax: number;
  isCalledAeTitleAccepted(aeTitle: string): boolean;
  isCallingAeTitleAccepted(aeTitle: string): boolean;
  capacity(): 'available' | 'limit-reached' | 'congested';
  isAbstractSyntaxAccepted(abstractSyntaxUid: string): boolean;
  /** Whether this requestor may use the class, one that is accepted in general. Without it every requestor may. */
  readonly isAbstractSyntaxPermitted?: (abstractSyntaxUid: string) => boolean;
  /** Whether the requestor may be the SCP of this class, as C-GET needs (PS3.7 §D.3.3.4). */
  isScpRoleAccepted(sopClassUid: string): boolean;
  /** One of those proposed, or undefined when none is known. */
  chooseTransferSyntax(context: ContextChoice): string | undefined;
  /** The answer to the extended negotiation of an accepted class; undefined for none (PS3.7 §D.3.3.5). */
  answerExtendedNegotiation(sopClassUid: string, information: Uint8Array): Uint8Array | undefined;
}

/** A context whose transfer syntax is to be chosen. */
export interface ContextChoice {
  readonly abstractSyntaxUid: string;
  /** In the requestor's order. */
  readonly transferSyntaxUids: readonly string[];
  /** The requestor is the SCP only: data sets go to it, none come from it. */
  readonly isRequestorScp: boolean;
}

/** A presentation context that both sides agreed on. */
export interface PresentationContext {
  readonly contextId: number;
  readonly abstractSyntaxUid: string;
  readonly transferSyntaxUid: string;
}

/**
 * What became of the identity that a requestor offered, or did not (PS3.7 §D.3.3.7). `ignored` is what an acceptor does that does
 * not support its kind; `unverified` says that it could not be checked just now.
 */
export type IdentityVerdict =
  | { readonly result: 'ignored' }
  | { readonly result: 'accepted'; readonly userName: string }
  | {
      readonly result: 'refused';
      readonly reason: 'missing' | 'unsupported' | 'wrong' | 'unverified';
    };

export type Negotiation =
  | {
      readonly isAccepted: true;
      readonly accept: AssociateAccept;
      readonly presentationContexts: readonly PresentationContext[];
    }
  | { readonly isAccepted: false; readonly reject: AssociateReject };

/**
 * Answers an A-ASSOCIATE-RQ whose protocol version `Association` has checked (AE-6). Checks go from the protocol outward
 * (application context, AE titles, capacity, user), so that the reason names what the requestor has to change first. An
 * association without a single accepted presentation context is accepted all the same: the result of each context then tells
 * the requestor why.
 */
export function negotiate(
  request: AssociateRequest,
  policy: AcceptancePolicy,
  identity: IdentityVerdict = { result: 'ignored' },
): Negotiation {
  const reject = findRejection(request, policy) ?? rejectionOf(identity);
  if (reject !== undefined) return { isAccepted: false, reject };

  const roles = negotiateRoles(request.userInformation.roleSelections, policy);
  const answers = request.presentationContexts.map((context) =>
    answerContext(context, roles.get(context.abstractSyntaxUid), policy),
  );
  const isIdentityAnswered =
    identity.result === 'accepted' &&
    request.userInformation.userIdentity?.isPositiveResponseRequested === true;
  return {
    isAccepted: true,
    accept: {
      applicationContextUid: dicomApplicationContextUid,
      titleFields: request.titleFields,
      presentationContexts: answers,
      userInformation: {
        ...answerUserInformation(request.userInformation, roles, policy),
        ...(isIdentityAnswered && { userIdentityResponse: new Uint8Array(0) }),
      },
    },
    presentationContexts: agreedContexts(request.presentationContexts, answers),
  };
}

/** The contexts of a request that its answers accept; both acceptor and requestor go by it. */
export function agreedContexts(
  proposed: readonly ProposedPresentationContext[],
  answers: readonly PresentationContextAnswer[],
): PresentationContext[] {
  const proposals = new Map(proposed.map((context) => [context.contextId, context]));
  const agreed: PresentationContext[] = [];
  for (const { contextId, result, transferSyntaxUid } of answers) {
    const proposal = proposals.get(contextId);
    if (result !== presentationContextResult.acceptance || proposal === undefined) continue;
    // One that was not proposed cannot have been agreed on.
    if (!proposal.transferSyntaxUids.includes(transferSyntaxUid)) continue;
    const { abstractSyntaxUid } = proposal;
    agreed.push({ contextId, abstractSyntaxUid, transferSyntaxUid });
  }
  return agreed;
}

/** Why a request is rejected whoever the user is; asked before an identity is checked, which costs more. */
export function findRejection(
  request: AssociateRequest,
  policy: AcceptancePolicy,
): AssociateReject | undefined {
  if (request.applicationContextUid !== dicomApplicationContextUid) {
    return associateReject.applicationContextNotSupported;
  }
  const { calledAeTitle, callingAeTitle } = request;
  if (!isAeTitle(calledAeTitle) || !policy.isCalledAeTitleAccepted(calledAeTitle)) {
    return associateReject.calledAeTitleNotRecognized;
  }
  if (!isAeTitle(callingAeTitle) || !policy.isCallingAeTitleAccepted(callingAeTitle)) {
    return associateReject.callingAeTitleNotRecognized;
  }
  const capacity = policy.capacity();
  if (capacity === 'limit-reached') return associateReject.localLimitExceeded;
  if (capacity === 'congested') return associateReject.temporaryCongestion;
  return undefined;
}

function rejectionOf(identity: IdentityVerdict): AssociateReject | undefined {
  if (identity.result !== 'refused') return undefined;
  return identity.reason === 'unverified'
    ? associateReject.userNoReasonTransient
    : associateReject.userNoReason;
}

function negotiateRoles(
  proposed: readonly RoleSelection[],
  policy: AcceptancePolicy,
): Map<string, RoleSelection> {
  const roles = new Map<string, RoleSelection>();
  for (const { sopClassUid, isScu, isScp } of proposed.slice(
    0,
    limits.presentationContextCountMax,
  )) {
    if (!policy.isAbstractSyntaxAccepted(sopClassUid)) continue;
    const isScpAccepted = isScp && policy.isScpRoleAccepted(sopClassUid);
    roles.set(sopClassUid, { sopClassUid, isScu, isScp: isScpAccepted });
  }
  return roles;
}

function answerContext(
  context: ProposedPresentationContext,
  role: RoleSelection | undefined,
  policy: AcceptancePolicy,
): PresentationContextAnswer {
  const { contextId, abstractSyntaxUid, transferSyntaxUids } = context;
  // PS3.8 §9.3.3.2: the transfer syntax of a refused context is not significant, but some requestors want one to be there.
  const placeholder = transferSyntaxUids[0] ?? '';
  if (!policy.isAbstractSyntaxAccepted(abstractSyntaxUid)) {
    const result = presentationContextResult.abstractSyntaxNotSupported;
    return { contextId, result, transferSyntaxUid: placeholder };
  }
  const isPermitted = policy.isAbstractSyntaxPermitted?.(abstractSyntaxUid) ?? true;
  if (!isPermitted || (role !== undefined && !role.isScu && !role.isScp)) {
    const result = presentationContextResult.userRejection;
    return { contextId, result, transferSyntaxUid: placeholder };
  }
  const transferSyntaxUid = policy.chooseTransferSyntax({
    abstractSyntaxUid,
    transferSyntaxUids,
    isRequestorScp: role !== undefined && role.isScp && !role.isScu,
  });
  if (transferSyntaxUid === undefined) {
    const result = presentationContextResult.transferSyntaxesNotSupported;
    return { contextId, result, transferSyntaxUid: placeholder };
  }
  return { contextId, result: presentationContextResult.acceptance, transferSyntaxUid };
}

function answerUserInformation(
  proposed: UserInformation,
  roles: ReadonlyMap<string, RoleSelection>,
  policy: AcceptancePolicy,
): UserInformation {
  const window = proposed.asynchronousOperationsWindow;
  return {
    maximumLengthBytes: policy.maximumLengthBytes,
    implementationClassUid: policy.implementationClassUid,
    implementationVersionName: policy.implementationVersionName,
    roleSelections: [...roles.values()],
    extendedNegotiations: answerExtendedNegotiations(proposed.extendedNegotiations, policy),
    commonExtendedNegotiations: [],
    ...(window !== undefined && {
      asynchronousOperationsWindow: {
        operationsInvokedMax: smallerWindow(
          window.operationsInvokedMax,
          policy.operationsInvokedMax,
        ),
        // We invoke one operation at a time, whatever the requestor would perform.
        operationsPerformedMax: 1,
      },
    }),
  };
}

function answerExtendedNegotiations(
  proposed: readonly ExtendedNegotiation[],
  policy: AcceptancePolicy,
): ExtendedNegotiation[] {
  return proposed
    .slice(0, limits.presentationContextCountMax)
    .flatMap(({ sopClassUid, information: proposal }) => {
      if (!policy.isAbstractSyntaxAccepted(sopClassUid)) return [];
      const information = policy.answerExtendedNegotiation(sopClassUid, proposal);
      return information === undefined ? [] : [{ sopClassUid, information }];
    });
}

/** The smaller of a proposed number of operations, where 0 is unlimited, and ours. */
function smallerWindow(proposed: number, own: number): number {
  return proposed === 0 ? own : Math.min(proposed, own);
}
