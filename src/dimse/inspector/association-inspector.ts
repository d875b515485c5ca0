import { findStorageSopClass } from '#engine/dicom/dictionary/sop-classes.js';
import type { AbortCause } from '#engine/upper-layer/association.js';
import type {
  AssociateReject,
  AssociateRequest,
  PresentationContextAnswer,
} from '#engine/upper-layer/pdu-types.js';
import type {
  AnsweredAssociation,
  AssociationEnd,
  EndedAssociation,
  FailedConnection,
} from '#src/dimse/association-observer.js';
import { printable } from '#src/dimse/printable.js';
import { contextHints, connectionHints, rejectHints, tlsHint } from './association-hints.js';

/** One association, or one attempt at it, as operators see it. Holds no data set and no secret. */
export interface InspectedAssociation {
  readonly associationId: string;
  readonly atTime: string;
  readonly remoteAddress: string;
  readonly isTls: boolean;
  readonly result: 'accepted' | 'rejected' | 'connection-failed';
  /** The user that the requestor speaks for, when that was verified. */
  readonly userName?: string;
  readonly request?: InspectedRequest;
  readonly reject?: AssociateReject;
  end?: InspectedEnd;
  /** What to configure, here or at the peer. */
  readonly hints: readonly string[];
}

export interface InspectedRequest {
  readonly calledAeTitle: string;
  readonly callingAeTitle: string;
  readonly implementationClassUid: string;
  readonly implementationVersionName?: string;
  readonly maximumLengthBytes: number;
  readonly asynchronousOperationsWindow?: object;
  /** The kind of identity that was offered; never the identity. */
  readonly userIdentityType?: number;
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

/** Keeps the last associations, so that a peer that cannot connect is understood without a trace of its bytes. */
export class AssociationInspector {
  readonly #keptMax: number;
  readonly #associations: InspectedAssociation[] = [];
  readonly #counts = { accepted: 0, rejected: 0, connectionsFailed: 0, tlsFailed: 0 };
  readonly #countsByReason = new Map<string, number>();

  constructor(keptMax: number) {
    this.#keptMax = keptMax;
  }

  /** Newest first. */
  list(): readonly InspectedAssociation[] {
    return this.#associations.toReversed();
  }

  /** Since the start: totals, and how often each rejection, abort or other end occurred. */
  counts(): object {
    const byReason = Object.fromEntries([...this.#countsByReason].sort());
    return { ...this.#counts, byReason };
  }

  addAnswered(association: AnsweredAssociation): void {
    const { associationId, remoteAddress, isTls, request, negotiation, userName } = association;
    const common = { associationId, atTime: now(), remoteAddress, isTls };
    if (negotiation.isAccepted) {
      const answers = negotiation.accept.presentationContexts;
      this.#counts.accepted++;
      this.#add({
        ...common,
        result: 'accepted',
        ...(userName !== undefined && { userName: printable(userName) }),
        request: inspectRequest(request, answers),
        hints: contextHints(request, answers),
      });
    } else {
      const { reject } = negotiation;
      this.#counts.rejected++;
      this.#count(`rejected ${reject.result}/${reject.source}/${reject.reason}`);
      this.#add({
        ...common,
        result: 'rejected',
        request: inspectRequest(request, []),
        reject,
        hints: rejectHints(association, reject),
      });
    }
  }

  addEnd({ associationId, callingAeTitle: _, ...end }: EndedAssociation): void {
    this.#count(end.end);
    const association = this.#associations.findLast((kept) => kept.associationId === associationId);
    if (association !== undefined) association.end = end;
  }

  addFailedConnection({ associationId, remoteAddress, isTls, cause }: FailedConnection): void {
    this.#counts.connectionsFailed++;
    this.#count(cause.by === 'transport' ? 'connection closed' : `aborted by ${cause.by}`);
    // Probes of load balancers connect and close: they are counted and would drive everything else out of the list.
    if (cause.by === 'transport') return;
    this.#add({
      associationId,
      atTime: now(),
      remoteAddress,
      isTls,
      result: 'connection-failed',
      hints: connectionHints(cause, isTls),
    });
  }

  addTlsFailure(remoteAddress: string, reason: string): void {
    this.#counts.tlsFailed++;
    this.#add({
      associationId: '',
      atTime: now(),
      remoteAddress,
      isTls: true,
      result: 'connection-failed',
      hints: [tlsHint(reason)],
    });
  }

  #add(association: InspectedAssociation): void {
    this.#associations.push(association);
    if (this.#associations.length > this.#keptMax) this.#associations.shift();
  }

  #count(reason: string): void {
    this.#countsByReason.set(reason, (this.#countsByReason.get(reason) ?? 0) + 1);
  }
}

function now(): string {
  return new Date().toISOString();
}

function inspectRequest(
  request: AssociateRequest,
  answers: readonly PresentationContextAnswer[],
): InspectedRequest {
  const { userInformation } = request;
  const { implementationVersionName, asynchronousOperationsWindow, userIdentity } = userInformation;
  const answersById = new Map(answers.map((answer) => [answer.contextId, answer]));
  return {
    calledAeTitle: printable(request.calledAeTitle),
    callingAeTitle: printable(request.callingAeTitle),
    implementationClassUid: userInformation.implementationClassUid,
    maximumLengthBytes: userInformation.maximumLengthBytes,
    ...(implementationVersionName !== undefined && {
      implementationVersionName: printable(implementationVersionName).slice(0, 16),
    }),
    ...(asynchronousOperationsWindow !== undefined && { asynchronousOperationsWindow }),
    ...(userIdentity !== undefined && { userIdentityType: userIdentity.type }),
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
