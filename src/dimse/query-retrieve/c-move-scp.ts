import { limits } from '#engine/base/limits.js';
import { rewritableTransferSyntaxes } from '#engine/dicom/data-set/rewrite-data-set.js';
import { commandField } from '#engine/dimse/command-set.js';
import { dimseStatus } from '#engine/dimse/dimse-status.js';
import type { AssociationProposal, ContextProposal } from '../scu/association-requestor.js';
import type { DimseClient } from '../scu/dimse-client.js';
import type { AcceptedAssociation, DimseRequest } from '../service-provider.js';
import type { QueryRetrieveDependencies } from './c-find-scp.js';
import { InstanceSender } from './instance-sender.js';
import { MoveDestination } from './move-destination.js';
import type { OpenDestination } from './move-destination.js';
import { QueryRetrieveScp } from './query-retrieve-scp.js';
import type { FinalResponse, QueryRetrieveOperation } from './query-retrieve-scp.js';
import { retrieveInstances } from './retrieve-instances.js';
import type { Inventory } from './retrieve-instances.js';

/** The remote AEs that instances can be moved to. */
export type MoveDestinations = Pick<DimseClient, 'knows' | 'lease'>;

/** What a C-MOVE needs beyond its association. */
export interface CMoveScpDependencies extends QueryRetrieveDependencies {
  readonly destinations: MoveDestinations;
}

/**
 * C-MOVE SCP of the Query/Retrieve service class, PS3.4 §C.4.2: instances are sent on one association with the destination, which
 * has to be a remote AE. Sending ends with the association of the request; that with the destination stays open for a while, for
 * the next request (`AssociationPool`).
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
    const { destinations } = this.#dependencies;
    const { moveDestination = '' } = operation.request.command;
    if (!destinations.knows(moveDestination)) {
      const status = dimseStatus.moveDestinationUnknown;
      return Promise.resolve({
        elements: { status, errorComment: 'move destination is not configured' },
      });
    }
    const requester = this.requesterOf(operation);
    return retrieveInstances(operation, requester, this.#dependencies, (inventory) => {
      const proposal = { contexts: proposeContexts(inventory.transferSyntaxes) };
      return new MoveDestination(() => this.#open(operation.request, moveDestination, proposal));
    });
  }

  async #open(
    { messageId }: DimseRequest,
    aeTitle: string,
    proposal: AssociationProposal,
  ): Promise<OpenDestination> {
    const { engine, destinations } = this.#dependencies;
    const lease = await destinations.lease(aeTitle, proposal, this.#dependencies.aeTitle);
    const peer = lease.association;
    const moveOriginator = { aeTitle: this.#association.callingAeTitle, messageId };
    const sender = new InstanceSender({ engine, peer, contexts: peer.contexts, moveOriginator });
    return { lease, sender };
  }
}

/**
 * One context for each SOP class and transfer syntax, so that the destination cannot choose one that would need a conversion; then
 * one for each class with those that nearly everything can be converted to. As many as an association has room for; instances of
 * the rest fail for want of a context.
 */
export function proposeContexts(
  transferSyntaxes: Inventory['transferSyntaxes'],
): ContextProposal[] {
  const asStored: ContextProposal[] = [];
  const converted: ContextProposal[] = [];
  for (const [abstractSyntaxUid, stored] of transferSyntaxes) {
    for (const uid of stored) asStored.push({ abstractSyntaxUid, transferSyntaxUids: [uid] });
    const others = rewritableTransferSyntaxes.filter((uid) => !stored.has(uid));
    if (others.length > 0) converted.push({ abstractSyntaxUid, transferSyntaxUids: others });
  }
  return [...asStored, ...converted].slice(0, limits.presentationContextCountMax);
}
