import type { Logger } from '#engine/base/logger.js';
import { proposeContexts } from '#src/dimse/query-retrieve/c-move-scp.js';
import type { MoveDestinations } from '#src/dimse/query-retrieve/c-move-scp.js';
import { negotiatedOptions } from '#src/dimse/query-retrieve/extended-negotiation.js';
import type { QueryRetrieveEngine } from '#src/dimse/query-retrieve/find-matches.js';
import { InstanceSender } from '#src/dimse/query-retrieve/instance-sender.js';
import { MoveDestination } from '#src/dimse/query-retrieve/move-destination.js';
import { retrieveInstances } from '#src/dimse/query-retrieve/retrieve-instances.js';
import { viewPartition } from '#src/dimse/query-retrieve/view-partition.js';
import type { RemoteIdentifier } from './remote-identifier.js';
import { remoteOutcome } from './remote-outcome.js';
import type { RemoteOutcome } from './remote-outcome.js';

export interface RemoteSendDependencies {
  readonly client: Pick<MoveDestinations, 'lease'>;
  readonly engine: QueryRetrieveEngine;
  /** Our AE title, where the remote AE names no other. */
  readonly aeTitle: string;
  readonly logger: Logger;
}

export interface RemoteSend extends RemoteIdentifier {
  /** Where the instances are. */
  readonly partition: number;
  /** For the log. */
  readonly correlationId: string;
}

/**
 * Sends to a remote AE what a C-MOVE with the identifier would (C-STORE, PS3.4 §B.2), keys above the level left out or not;
 * `signal` ends it after the instance under way. Rejects as `Engine.search`; a remote AE that cannot be reached fails every
 * sub-operation.
 */
export async function sendToRemote(
  { client, engine, aeTitle: ownAeTitle, logger }: RemoteSendDependencies,
  aeTitle: string,
  { identifier, model, partition, correlationId }: RemoteSend,
  signal: AbortSignal,
): Promise<RemoteOutcome> {
  const view = viewPartition(engine, partition);
  const options = { ...negotiatedOptions(undefined), isRelational: true };
  const { elements } = await retrieveInstances(
    { identifier, model, options, signal },
    { associationId: correlationId },
    { engine: view, logger },
    ({ transferSyntaxes }) => {
      const proposal = { contexts: proposeContexts(transferSyntaxes) };
      return new MoveDestination(async () => {
        const lease = await client.lease(aeTitle, proposal, ownAeTitle);
        const peer = lease.association;
        return {
          lease,
          sender: new InstanceSender({ engine: view, peer, contexts: peer.contexts }),
        };
      });
    },
  );
  return remoteOutcome(elements.status, elements);
}
