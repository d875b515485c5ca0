import { encodeDataSet } from '#engine/dicom/data-set/encode-data-set.js';
import { proposalOf } from '#src/dimse/scu/dimse-client.js';
import type { DimseClient } from '#src/dimse/scu/dimse-client.js';
import { move } from '#src/dimse/scu/query-retrieve-scu.js';
import { requireContext } from '#src/dimse/scu/require-context.js';
import type { RemoteIdentifier } from './remote-identifier.js';
import { remoteOutcome } from './remote-outcome.js';
import type { RemoteOutcome } from './remote-outcome.js';

export interface RemoteMove extends RemoteIdentifier {
  /** AE title that the remote AE has to know: ours, or that of a third. */
  readonly destination: string;
}

/** Has a remote AE send instances to `destination` (C-MOVE, PS3.4 §C.4.2); `signal` cancels. Rejects as `DimseClient.use`. */
export function moveFromRemote(
  client: Pick<DimseClient, 'use'>,
  aeTitle: string,
  { identifier, model, destination }: RemoteMove,
  signal: AbortSignal,
): Promise<RemoteOutcome> {
  const { sopClassUid } = model;
  return client.use(aeTitle, proposalOf(sopClassUid), async (association) => {
    const { transferSyntaxUid } = requireContext(association, sopClassUid);
    const request = {
      sopClassUid,
      identifier: encodeDataSet(identifier, transferSyntaxUid),
      signal,
    };
    const { status, command } = await move(association, request, destination);
    return remoteOutcome(status, command);
  });
}
