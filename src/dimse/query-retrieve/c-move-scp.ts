import { toGantryError } from '#engine/base/error-catalogue.js';
import { limits } from '#engine/base/limits.js';
import { rewritableTransferSyntaxes } from '#engine/dicom/data-set/rewrite-data-set.js';
import { commandField } from '#engine/dimse/command-set.js';
import { dimseStatus } from '#engine/dimse/dimse-status.js';
import type { TlsClientOptions } from '#engine/transport/tcp-connector.js';
import { defaultScuTimeouts, requestAssociation } from '../scu/association-requestor.js';
import type { ContextProposal } from '../scu/association-requestor.js';
import type { AcceptedAssociation, DimseRequest } from '../service-provider.js';
import type { QueryRetrieveDependencies } from './c-find-scp.js';
import { InstanceSender } from './instance-sender.js';
import { QueryRetrieveScp } from './query-retrieve-scp.js';
import type { FinalResponse, QueryRetrieveOperation } from './query-retrieve-scp.js';
import { retrieveInstances } from './retrieve-instances.js';
import type { Inventory, RetrieveDestination } from './retrieve-instances.js';

/** Where an application entity listens. */
export interface RemoteApplicationEntity {
  readonly aeTitle: string;
  readonly host: string;
  readonly port: number;
  /** Our AE title when we call it, if not that of the store. */
  readonly callingAeTitle?: string;
  /** Call it by TLS. */
  readonly tls?: TlsClientOptions;
}

/** What a C-MOVE needs beyond its association. */
export interface CMoveScpDependencies extends QueryRetrieveDependencies {
  readonly findRemoteAe: (aeTitle: string) => RemoteApplicationEntity | undefined;
  /** Longest P-DATA-TF variable field asked of destinations; 0 is unlimited. */
  readonly maximumLengthBytes: number;
}

/**
 * C-MOVE SCP of the Query/Retrieve service class, PS3.4 §C.4.2: instances are sent on one association with the destination, which
 * has to be configured. It ends with the association of the request.
 */
export class CMoveScp extends QueryRetrieveScp {
  override readonly commandField = commandField.cMoveRequest;
  readonly #association: AcceptedAssociation;
  readonly #dependencies: CMoveScpDependencies;

  constructor(association: AcceptedAssociation, dependencies: CMoveScpDependencies) {
    super(association, 'move', dependencies.logger);
    this.#association = association;
    this.#dependencies = dependencies;
  }

  protected override perform(operation: QueryRetrieveOperation): Promise<FinalResponse> {
    const { findRemoteAe, engine } = this.#dependencies;
    const { moveDestination = '' } = operation.request.command;
    const destination = findRemoteAe(moveDestination);
    if (destination === undefined) {
      const status = dimseStatus.moveDestinationUnknown;
      return Promise.resolve({
        elements: { status, errorComment: 'move destination is not configured' },
      });
    }
    return retrieveInstances(operation, this.#association, engine, (inventory) =>
      this.#connect(operation.request, destination, inventory),
    );
  }

  /** When there is no association every sub-operation fails for its reason. */
  async #connect(
    request: DimseRequest,
    destination: RemoteApplicationEntity,
    inventory: Inventory,
  ): Promise<RetrieveDestination> {
    const { engine, aeTitle, maximumLengthBytes, logger } = this.#dependencies;
    try {
      const peer = await requestAssociation({
        target: {
          host: destination.host,
          port: destination.port,
          calledAeTitle: destination.aeTitle,
          callingAeTitle: destination.callingAeTitle ?? aeTitle,
          ...(destination.tls !== undefined && { tls: destination.tls }),
        },
        proposal: { contexts: proposeContexts(inventory.transferSyntaxes) },
        timeouts: defaultScuTimeouts,
        maximumLengthBytes,
        logger,
      });
      const sender = new InstanceSender({
        engine,
        peer,
        contexts: peer.contexts,
        moveOriginator: {
          aeTitle: this.#association.callingAeTitle,
          messageId: request.messageId,
        },
      });
      return { send: (record) => sender.send(record), close: () => peer.release() };
    } catch (error) {
      const reason = toGantryError(error).message;
      return {
        send: () => Promise.resolve({ result: 'failed', reason }),
        close: () => Promise.resolve(),
      };
    }
  }
}

/**
 * One context for each SOP class and transfer syntax, so that the destination cannot choose one that would need a conversion. As
 * many as an association has room for; instances of the rest fail for want of a context.
 */
export function proposeContexts(
  transferSyntaxes: Inventory['transferSyntaxes'],
): ContextProposal[] {
  const contexts: ContextProposal[] = [];
  for (const [abstractSyntaxUid, stored] of transferSyntaxes) {
    // A destination needs only one of those that an instance can be rewritten between.
    const isRewritable = rewritableTransferSyntaxes.some((uid) => stored.has(uid));
    for (const uid of new Set([...stored, ...(isRewritable ? rewritableTransferSyntaxes : [])])) {
      contexts.push({ abstractSyntaxUid, transferSyntaxUids: [uid] });
    }
  }
  return contexts.slice(0, limits.presentationContextCountMax);
}
