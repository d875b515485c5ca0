import type { Logger } from '#engine/base/logger.js';
import type { AbortCause } from '#engine/upper-layer/association.js';
import type { IdentityVerdict, Negotiation } from '#engine/upper-layer/negotiation.js';
import type { AssociateReject, AssociateRequest } from '#engine/upper-layer/pdu-types.js';
import { abortText, rejectText } from '#engine/upper-layer/reason-text.js';
import type { AssociationInspector } from './inspector/association-inspector.js';
import { printable } from './printable.js';

/** How an association that was accepted came to its end. */
export type AssociationEnd = 'released' | 'aborted-by-peer' | 'aborted-by-us' | 'connection-lost';

/** Counters for metrics; every method is called once per occurrence. */
export interface DimseCounters {
  associationAccepted(): void;
  associationRejected(reject: AssociateReject): void;
  associationEnded(end: AssociationEnd): void;
  operationCompleted(commandField: number, status: number): void;
}

/** Why a caller is refused as such, beyond what an A-ASSOCIATE-RJ can say. */
export type CallerRefusal =
  | 'unknown-ae'
  | 'wrong-address'
  | `identity-${Extract<IdentityVerdict, { result: 'refused' }>['reason']}`;

/** A request for an association and our answer. */
export interface AnsweredAssociation {
  readonly associationId: string;
  readonly remoteAddress: string;
  readonly isTls: boolean;
  readonly request: AssociateRequest;
  readonly negotiation: Negotiation;
  readonly refusal?: CallerRefusal;
  /** The user that the requestor speaks for, when that was verified. */
  readonly userName?: string;
}

export interface EndedAssociation {
  readonly associationId: string;
  readonly callingAeTitle: string;
  readonly end: AssociationEnd;
  readonly operationsCompleted: number;
  readonly operationsFailed: number;
  readonly durationMs: number;
  /** Given when the association was aborted. */
  readonly cause?: AbortCause;
}

/** A connection that ended before there was an association. */
export interface FailedConnection {
  readonly associationId: string;
  readonly remoteAddress: string;
  readonly isTls: boolean;
  readonly cause: AbortCause;
}

/** Hears of every association of a service: logs it, counts it, and keeps it for the inspector. */
export class AssociationObserver {
  readonly #logger: Logger;
  readonly #counters: DimseCounters;
  readonly #inspector: AssociationInspector;

  constructor(logger: Logger, counters: DimseCounters, inspector: AssociationInspector) {
    this.#logger = logger;
    this.#counters = counters;
    this.#inspector = inspector;
  }

  answered(association: AnsweredAssociation): void {
    const { associationId, remoteAddress, request, negotiation, refusal, userName } = association;
    this.#inspector.addAnswered(association);
    if (!negotiation.isAccepted) {
      const { reject } = negotiation;
      this.#counters.associationRejected(reject);
      const fields = { associationId, remoteAddress, ...reject };
      this.#logger.warn(
        refusal === undefined ? fields : { ...fields, refusal },
        `association rejected ${rejectText(reject)}`,
      );
      return;
    }
    this.#counters.associationAccepted();
    this.#logger.info(
      {
        associationId,
        remoteAddress,
        callingAeTitle: request.callingAeTitle,
        calledAeTitle: request.calledAeTitle,
        ...(userName !== undefined && { userName: printable(userName) }),
        contextsProposed: request.presentationContexts.length,
        contextsAccepted: negotiation.presentationContexts.length,
      },
      'association accepted',
    );
  }

  ended(association: EndedAssociation): void {
    const { cause, ...fields } = association;
    this.#inspector.addEnd(association);
    this.#counters.associationEnded(association.end);
    const all = { ...fields, ...cause };
    if (association.end === 'released') this.#logger.info(all, 'association ended');
    else if (cause?.by !== 'peer') this.#logger.warn(all, 'association ended');
    else this.#logger.warn(all, `association aborted by peer ${abortText(cause)}`);
  }

  connectionFailed(connection: FailedConnection): void {
    const { associationId, remoteAddress, cause } = connection;
    this.#inspector.addFailedConnection(connection);
    this.#logger.warn(
      { associationId, remoteAddress, ...cause },
      'connection without association ended',
    );
  }

  /** A client did not come through the TLS handshake. */
  tlsFailed(remoteAddress: string, reason: string): void {
    this.#inspector.addTlsFailure(remoteAddress, reason);
    this.#logger.warn({ remoteAddress, reason }, 'tls handshake failed');
  }
}
