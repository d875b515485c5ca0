import type { Logger } from '#engine/base/logger.js';
import { limits } from '#engine/base/limits.js';
import { encodeDataSet } from '#engine/dicom/data-set/encode-data-set.js';
import { storageSopClasses } from '#engine/dicom/dictionary/sop-classes.js';
import type { SopClass } from '#engine/dicom/dictionary/sop-classes.js';
import {
  explicitVrLittleEndianUid,
  implicitVrLittleEndianUid,
  rleLosslessUid,
} from '#engine/dicom/dictionary/transfer-syntaxes.js';
import { dimseStatus } from '#engine/dimse/dimse-status.js';
import type { StoreSession, StoreSessionOptions } from '#engine/engine-types.js';
import { CStoreScp } from '#src/dimse/c-store-scp.js';
import type { AssociationProposal } from '#src/dimse/scu/association-requestor.js';
import { proposalOf } from '#src/dimse/scu/dimse-client.js';
import type { DimseClient } from '#src/dimse/scu/dimse-client.js';
import { get } from '#src/dimse/scu/query-retrieve-scu.js';
import { requireContext } from '#src/dimse/scu/require-context.js';
import type { RemoteIdentifier } from './remote-identifier.js';
import { remoteOutcome } from './remote-outcome.js';
import type { RemoteOutcome } from './remote-outcome.js';

export interface RemoteGetDependencies {
  readonly client: Pick<DimseClient, 'use'>;
  readonly openStoreSession: (options: StoreSessionOptions) => StoreSession;
  readonly logger: Logger;
}

export interface RemoteGet extends RemoteIdentifier {
  /** Where the instances go. */
  readonly partition: number;
}

/**
 * Explicit VR first: a peer that takes the first it can make converts least then, and says what private elements are. Not all that
 * can be stored, because DCMTK reads 50 of a context at most.
 */
const offeredSyntaxes = [
  explicitVrLittleEndianUid,
  implicitVrLittleEndianUid,
  rleLosslessUid,
  // JPEG, JPEG-LS, JPEG 2000, HTJ2K, MPEG-2 and H.264.
  ...['50', '51', '57', '70', '80', '81', '90', '91', '201', '202', '203', '100', '102', '103'].map(
    (suffix) => `1.2.840.10008.1.2.4.${suffix}`,
  ),
];
const offeredClasses = storageSopClasses.filter(({ isRetired }) => !isRetired);
/** One context is for the C-GET itself. */
const classesPerAssociation = limits.presentationContextCountMax - 1;

/**
 * Gets instances from a remote AE into the store (C-GET, PS3.4 §C.4.3); `signal` cancels. There are more storage classes than an
 * association has contexts: what fails on the first, for want of a context perhaps, is asked for again with the other classes.
 * Rejects as `DimseClient.use`.
 */
export async function getFromRemote(
  dependencies: RemoteGetDependencies,
  aeTitle: string,
  wanted: RemoteGet,
  signal: AbortSignal,
): Promise<RemoteOutcome> {
  const common = offeredClasses.slice(0, classesPerAssociation);
  const first = await getClasses(dependencies, aeTitle, { ...wanted, classes: common }, signal);
  if ((first.suboperations?.failed ?? 0) === 0 || signal.aborted) return first;
  const rest = offeredClasses.slice(classesPerAssociation);
  const second = await getClasses(dependencies, aeTitle, { ...wanted, classes: rest }, signal);
  return joinOutcomes(first, second);
}

function getClasses(
  { client, openStoreSession, logger }: RemoteGetDependencies,
  aeTitle: string,
  wanted: RemoteGet & { readonly classes: readonly SopClass[] },
  signal: AbortSignal,
): Promise<RemoteOutcome> {
  const { identifier, partition, classes, model } = wanted;
  const { sopClassUid } = model;
  const store = { openStoreSession, partition, logger };
  const proposal: AssociationProposal = {
    contexts: [
      ...proposalOf(sopClassUid).contexts,
      ...classes.map(({ uid }) => ({
        abstractSyntaxUid: uid,
        transferSyntaxUids: offeredSyntaxes,
      })),
    ],
    roleSelections: classes.map(({ uid }) => ({ sopClassUid: uid, isScu: false, isScp: true })),
    services: [(association) => new CStoreScp(association, store)],
  };
  return client.use(aeTitle, proposal, async (association) => {
    const { transferSyntaxUid } = requireContext(association, sopClassUid);
    const request = {
      sopClassUid,
      identifier: encodeDataSet(identifier, transferSyntaxUid),
      signal,
    };
    const { status, command } = await get(association, request);
    return remoteOutcome(status, command);
  });
}

/** What two retrievals of the same came to, of which the second could take other classes only. */
function joinOutcomes(first: RemoteOutcome, second: RemoteOutcome): RemoteOutcome {
  const before = first.suboperations ?? { completed: 0, warning: 0, failed: 0 };
  const after = second.suboperations ?? { completed: 0, warning: 0, failed: 0 };
  const completed = before.completed + after.completed;
  const warning = before.warning + after.warning;
  const failed = Math.max(0, before.failed - after.completed - after.warning);
  const suboperations = { completed, warning, failed };
  if (failed === 0 && warning === 0) return { status: dimseStatus.success, suboperations };
  const isNothing = completed === 0 && warning === 0;
  return {
    ...first,
    ...(!isNothing && { status: dimseStatus.subOperationsIncomplete }),
    suboperations,
  };
}
