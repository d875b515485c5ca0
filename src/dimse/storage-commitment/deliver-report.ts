import { proposalOf } from '#src/dimse/scu/dimse-client.js';
import type { DimseClient } from '#src/dimse/scu/dimse-client.js';
import { requireContext } from '#src/dimse/scu/require-context.js';
import { storageCommitmentSopClassUid } from '#src/dimse/storage-contexts.js';
import type { CommitmentReport } from './commitment-report.js';
import { sendCommitmentReport } from './storage-commitment-scp.js';

/**
 * Reports on an association of our own, in the role of SCP (PS3.4 §J.3.4). Rejects with `not-found` when the requester is no
 * remote AE, and when it cannot be reached or does not take the report.
 */
export function deliverReport(
  client: DimseClient,
  requesterAeTitle: string,
  report: CommitmentReport,
): Promise<void> {
  const sopClassUid = storageCommitmentSopClassUid;
  const proposal = {
    ...proposalOf(sopClassUid),
    roleSelections: [{ sopClassUid, isScu: false, isScp: true }],
  };
  return client.use(requesterAeTitle, proposal, (association) =>
    sendCommitmentReport(association, requireContext(association, sopClassUid), report),
  );
}
