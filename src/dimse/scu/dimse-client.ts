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
import type { AssociationLease } from './association-pool.js';
import { requestAssociation } from './association-requestor.js';
import type {
  AssociationProposal,
  RequestorOptions,
  ScuTimeouts,
} from './association-requestor.js';
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
  /** Told of each association that is asked for. */
  readonly onAttempt?: RequestorOptions['onAttempt'];
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

  /** Whether there is a remote AE of that title. */
  knows(aeTitle: string): boolean {
    return this.#options.findRemoteAe(aeTitle) !== undefined;
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
    return this.#pool.use(this.#optionsFor(aeTitle, proposal), body);
  }

  /** As `use`, until it is given back; `callingAeTitle` is that of ours, unless the remote AE is configured to see another. */
  async lease(
    aeTitle: string,
    proposal: AssociationProposal,
    callingAeTitle: string,
  ): Promise<AssociationLease> {
    return this.#pool.lease(this.#optionsFor(aeTitle, proposal, callingAeTitle));
  }

  /** Verifies that a remote AE answers (PS3.4 Annex A). */
  echo(aeTitle: string): Promise<OperationResponse> {
    return this.use(aeTitle, proposalOf(verificationSopClassUid), echo);
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  #optionsFor(
    aeTitle: string,
    proposal: AssociationProposal,
    callingAeTitle = this.#options.aeTitle,
  ): RequestorOptions {
    const { findRemoteAe, maximumLengthBytes, timeouts, logger, tls, onAttempt } = this.#options;
    const remote = findRemoteAe(aeTitle);
    if (remote === undefined) throw new GantryError('not-found', 'remote AE');
    const target = {
      host: remote.host,
      port: remote.port,
      calledAeTitle: remote.aeTitle,
      callingAeTitle: remote.localAeTitle ?? callingAeTitle,
      ...(remote.tls && { tls: tls ?? {} }),
    };
    const attempts = onAttempt === undefined ? {} : { onAttempt };
    return { target, proposal, timeouts, maximumLengthBytes, logger, ...attempts };
  }
}

/** Proposes one class in the transfer syntaxes that every implementation knows. */
export function proposalOf(abstractSyntaxUid: string): AssociationProposal {
  const transferSyntaxUids = [explicitVrLittleEndianUid, implicitVrLittleEndianUid];
  return { contexts: [{ abstractSyntaxUid, transferSyntaxUids }] };
}
