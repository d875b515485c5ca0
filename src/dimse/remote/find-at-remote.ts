import { decodeDataSet } from '#engine/dicom/data-set/decode-data-set.js';
import { encodeDataSet } from '#engine/dicom/data-set/encode-data-set.js';
import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';
import { proposalOf } from '#src/dimse/scu/dimse-client.js';
import type { DimseClient } from '#src/dimse/scu/dimse-client.js';
import { find } from '#src/dimse/scu/query-retrieve-scu.js';
import { requireContext } from '#src/dimse/scu/require-context.js';
import type { RemoteIdentifier } from './remote-identifier.js';
import { remoteOutcome } from './remote-outcome.js';
import type { RemoteOutcome } from './remote-outcome.js';

export interface RemoteMatches extends RemoteOutcome {
  readonly matches: readonly JsonDataSet[];
  /** There were more than were wanted; the rest was cancelled. */
  readonly isCut: boolean;
}

export interface RemoteQuery extends RemoteIdentifier {
  /** Matches wanted at most. */
  readonly limit: number;
}

/**
 * Asks a remote AE for matches (C-FIND, PS3.4 §C.4.1), until it has no more, `limit` is reached or `signal` is aborted. Rejects as
 * `DimseClient.use`.
 */
export function findAtRemote(
  client: Pick<DimseClient, 'use'>,
  aeTitle: string,
  { identifier, model, limit }: RemoteQuery,
  signal: AbortSignal,
): Promise<RemoteMatches> {
  const { sopClassUid } = model;
  return client.use(aeTitle, proposalOf(sopClassUid), async (association) => {
    const { transferSyntaxUid } = requireContext(association, sopClassUid);
    const matches: JsonDataSet[] = [];
    const enough = new AbortController();
    const { status, command } = await find(association, {
      sopClassUid,
      identifier: encodeDataSet(identifier, transferSyntaxUid),
      signal: AbortSignal.any([signal, enough.signal]),
      onPending: ({ dataSet }) => {
        if (matches.length === limit) enough.abort();
        else if (dataSet !== undefined) matches.push(decodeDataSet(dataSet, transferSyntaxUid));
      },
    });
    return { ...remoteOutcome(status, command), matches, isCut: enough.signal.aborted };
  });
}
