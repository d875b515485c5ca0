import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';
import type { InstanceReference } from './commitment-request.js';

/** Failure Reason (0008,1197) of an instance that is not committed, PS3.3 §C.14.1.1. */
export const failureReason = {
  processingFailure: 0x0110,
  noSuchObjectInstance: 0x0112,
  classInstanceConflict: 0x0119,
  duplicateTransactionUid: 0x0131,
} as const;

export type FailureReason = (typeof failureReason)[keyof typeof failureReason];

/** The fate of one instance; without a failure it is committed. */
export interface CheckedInstance extends InstanceReference {
  readonly failure?: FailureReason;
}

/** Event Type ID (0000,1002) of the N-EVENT-REPORT, PS3.4 Table J.3-3. */
export const commitmentEvent = { allCommitted: 1, failuresExist: 2 } as const;

/** An N-EVENT-REPORT in the making. */
export interface CommitmentReport {
  readonly eventTypeId: number;
  readonly dataSet: JsonDataSet;
}

/** The report on a transaction, PS3.4 Table J.3-4. */
export function createCommitmentReport(
  transactionUid: string,
  instances: readonly CheckedInstance[],
): CommitmentReport {
  const committed = instances.filter(({ failure }) => failure === undefined);
  const failed = instances.filter(({ failure }) => failure !== undefined);
  return {
    eventTypeId: failed.length === 0 ? commitmentEvent.allCommitted : commitmentEvent.failuresExist,
    dataSet: {
      '00081195': { vr: 'UI', Value: [transactionUid] },
      ...(committed.length > 0 && {
        '00081199': { vr: 'SQ', Value: committed.map(referenceItem) },
      }),
      ...(failed.length > 0 && {
        '00081198': {
          vr: 'SQ',
          Value: failed.map((instance) => ({
            ...referenceItem(instance),
            '00081197': { vr: 'US', Value: [instance.failure ?? failureReason.processingFailure] },
          })),
        },
      }),
    },
  };
}

function referenceItem({ sopClassUid, sopInstanceUid }: InstanceReference): JsonDataSet {
  return {
    '00081150': { vr: 'UI', Value: [sopClassUid] },
    '00081155': { vr: 'UI', Value: [sopInstanceUid] },
  };
}
