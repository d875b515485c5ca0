import type {
  AssociateAccept,
  AssociateReject,
  AssociateRequest,
} from '#engine/upper-layer/pdu-types.js';
import type {
  AnsweredAssociation,
  EndedAssociation,
  FailedConnection,
} from '#src/dimse/association-observer.js';
import { printable } from '#src/dimse/printable.js';
import { contextHints, connectionHints, rejectHints, tlsHint } from './association-hints.js';
import { inspectRequest, inspectUserInformation } from './inspected-association.js';
import type { InspectedAssociation } from './inspected-association.js';

/** An association that we asked for, and what became of that. */
export interface RequestedAttempt {
  readonly associationId: string;
  /** `host:port`. */
  readonly remoteAddress: string;
  readonly isTls: boolean;
  readonly request: AssociateRequest;
  /** Given when the peer accepted. */
  readonly accept?: AssociateAccept;
  /** Given when it rejected. */
  readonly reject?: AssociateReject;
  /** Why there is no association; holds nothing that the peer sent but numbers. */
  readonly failure?: string;
}

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
    const direction = 'incoming';
    const common = { associationId, direction, atTime: now(), remoteAddress, isTls } as const;
    if (negotiation.isAccepted) {
      const answers = negotiation.accept.presentationContexts;
      this.#counts.accepted++;
      this.#add({
        ...common,
        result: 'accepted',
        ...(userName !== undefined && { userName: printable(userName) }),
        request: inspectRequest(request, answers),
        answer: inspectUserInformation(negotiation.accept.userInformation),
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
      direction: 'incoming',
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
      direction: 'incoming',
      atTime: now(),
      remoteAddress,
      isTls: true,
      result: 'connection-failed',
      hints: [tlsHint(reason)],
    });
  }

  /** One that we asked for; not among the counts, which are of what peers ask for. */
  addRequested({ request, accept, reject, failure, ...attempt }: RequestedAttempt): void {
    const answers = accept?.presentationContexts ?? [];
    this.#add({
      ...attempt,
      direction: 'outgoing',
      atTime: now(),
      result:
        accept !== undefined ? 'accepted' : reject !== undefined ? 'rejected' : 'connection-failed',
      request: inspectRequest(request, answers),
      ...(accept !== undefined && { answer: inspectUserInformation(accept.userInformation) }),
      ...(reject !== undefined && { reject }),
      ...(failure !== undefined && { failure }),
      hints: [],
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
