import { GantryError } from '#engine/base/error-catalogue.js';
import type { Logger } from '#engine/base/logger.js';
import {
  explicitVrLittleEndianUid,
  implicitVrLittleEndianUid,
} from '#engine/dicom/dictionary/transfer-syntaxes.js';
import type { TlsClientOptions } from '#engine/transport/tcp-connector.js';
import type { RemoteAe } from '#src/config/option-types.js';
import { verificationSopClassUid } from '#src/dimse/storage-contexts.js';
import { AssociationPool } from './association-pool.js';
import { requestAssociation } from './association-requestor.js';
import type { AssociationProposal, ScuTimeouts } from './association-requestor.js';
import { echo } from './c-echo-scu.js';
import type { OperationResponse } from './operation-invoker.js';
import type { RequestedAssociation } from './requested-association.js';

export interface DimseClientOptions {
  readonly findRemoteAe: (aeTitle: string) => RemoteAe | undefined;
  /** Our AE title, where the remote AE names no other. */
  readonly aeTitle: string;
  readonly maximumLengthBytes: number;
  readonly timeouts: ScuTimeouts;
  /** How long an association stays open after its use. */
  readonly idleTimeMs: number;
  /** For remote AEs that are called by TLS. */
  readonly tls?: TlsClientOptions;
  readonly logger: Logger;
}

/** A remote AE as one that is called. */
export interface RemoteDestination {
  readonly aeTitle: string;
  readonly host: string;
  readonly port: number;
  readonly callingAeTitle: string;
  readonly tls?: TlsClientOptions;
}

/** Associations that wait for their next use, to all peers together. */
const idleAssociationsMax = 32;
const attemptsMax = 3;
const retryDelayMs = 500;

/** The SCU side of the product: what it asks of remote AEs, by their AE titles. */
export class DimseClient {
  readonly #options: DimseClientOptions;
  readonly #pool: AssociationPool;

  constructor(options: DimseClientOptions) {
    this.#options = options;
    this.#pool = new AssociationPool({
      idleTimeMs: options.idleTimeMs,
      idleMax: idleAssociationsMax,
      attemptsMax,
      retryDelayMs,
      open: requestAssociation,
    });
  }

  /** Where a remote AE listens and how it is called. */
  findDestination(aeTitle: string): RemoteDestination | undefined {
    const remote = this.#options.findRemoteAe(aeTitle);
    if (remote === undefined) return undefined;
    return {
      aeTitle: remote.aeTitle,
      host: remote.host,
      port: remote.port,
      callingAeTitle: remote.localAeTitle ?? this.#options.aeTitle,
      ...(remote.tls && { tls: this.#options.tls ?? {} }),
    };
  }

  /**
   * Runs `body` with an association to a remote AE. Rejects with `not-found` when there is none of that title, with
   * `peer-unavailable` or `timeout` when it cannot be reached.
   */
  async use<Result>(
    aeTitle: string,
    proposal: AssociationProposal,
    body: (association: RequestedAssociation) => Promise<Result>,
  ): Promise<Result> {
    const destination = this.findDestination(aeTitle);
    if (destination === undefined) throw new GantryError('not-found', 'remote AE');
    const { aeTitle: calledAeTitle, ...target } = destination;
    const { maximumLengthBytes, timeouts, logger } = this.#options;
    return this.#pool.use(
      { target: { ...target, calledAeTitle }, proposal, timeouts, maximumLengthBytes, logger },
      body,
    );
  }

  /** Verifies that a remote AE answers (PS3.4 Annex A). */
  echo(aeTitle: string): Promise<OperationResponse> {
    return this.use(aeTitle, proposalOf(verificationSopClassUid), echo);
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}

/** Proposes one class in the transfer syntaxes that every implementation knows. */
export function proposalOf(abstractSyntaxUid: string): AssociationProposal {
  const transferSyntaxUids = [explicitVrLittleEndianUid, implicitVrLittleEndianUid];
  return { contexts: [{ abstractSyntaxUid, transferSyntaxUids }] };
}
