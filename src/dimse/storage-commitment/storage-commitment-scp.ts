import { GantryError, toGantryError } from '#engine/base/error-catalogue.js';
import { encodeDataSet } from '#engine/dicom/data-set/encode-data-set.js';
import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';
import { commandField } from '#engine/dimse/command-set.js';
import { dimseStatus, failureStatus } from '#engine/dimse/dimse-status.js';
import type { PresentationContext } from '#engine/upper-layer/negotiation.js';
import { receiveIdentifier } from '#src/dimse/query-retrieve/identifier.js';
import type { OperationPeer } from '#src/dimse/scu/c-store-scu.js';
import type {
  AcceptedAssociation,
  DataSetReceiver,
  DimseRequest,
  ResponseElements,
  ServiceProvider,
} from '#src/dimse/service-provider.js';
import { storageCommitmentSopClassUid } from '#src/dimse/storage-contexts.js';
import type { CommitmentJobs } from './commitment-jobs.js';
import type { CommitmentReport } from './commitment-report.js';
import { parseCommitmentRequest } from './commitment-request.js';

/** Storage Commitment Push Model SOP Instance, PS3.4 §J.3.5. */
export const storageCommitmentSopInstanceUid = '1.2.840.10008.1.20.1.1';

/** Action Type ID (0000,1008) of "request storage commitment", PS3.4 Table J.3-1. */
const requestCommitment = 1;

/** Storage Commitment Push Model as SCP, PS3.4 Annex J: takes requests; the answer comes by N-EVENT-REPORT. */
export class StorageCommitmentScp implements ServiceProvider {
  readonly commandField = commandField.nActionRequest;
  readonly #association: AcceptedAssociation;
  readonly #jobs: CommitmentJobs;
  readonly #partition: number;
  #isOpen = true;

  constructor(association: AcceptedAssociation, jobs: CommitmentJobs, partition: number) {
    this.#association = association;
    this.#jobs = jobs;
    this.#partition = partition;
  }

  begin(request: DimseRequest): DataSetReceiver | undefined {
    if (request.hasDataSet) {
      return receiveIdentifier(request, (dataSet) => void this.#accept(request, dataSet));
    }
    void this.#accept(request, new GantryError('bad-request', 'no data set'));
    return undefined;
  }

  close(): void {
    this.#isOpen = false;
  }

  /** Answers in every case. */
  async #accept(request: DimseRequest, dataSet: JsonDataSet | GantryError): Promise<void> {
    const status = findMisdirection(request);
    if (status !== undefined) return this.#answer(request, { status });
    try {
      if (dataSet instanceof GantryError) throw dataSet;
      const requested = parseCommitmentRequest(dataSet);
      const requesterAeTitle = this.#association.callingAeTitle;
      const job = { ...requested, requesterAeTitle, partition: this.#partition };
      await this.#jobs.add(job, (report) => this.#report(request.context, report));
      this.#answer(request, { status: dimseStatus.success });
    } catch (error) {
      this.#answer(request, actionFailure(toGantryError(error)));
    }
  }

  async #report(context: PresentationContext, report: CommitmentReport): Promise<void> {
    if (!this.#isOpen) throw new GantryError('aborted', 'the association has ended');
    await sendCommitmentReport(this.#association, context, report);
  }

  #answer(request: DimseRequest, elements: ResponseElements): void {
    const { requestedSopClassUid, requestedSopInstanceUid, actionTypeId } = request.command;
    this.#association.respond(request, {
      ...(requestedSopClassUid !== undefined && { affectedSopClassUid: requestedSopClassUid }),
      ...(requestedSopInstanceUid !== undefined && {
        affectedSopInstanceUid: requestedSopInstanceUid,
      }),
      ...(actionTypeId !== undefined && { actionTypeId }),
      ...elements,
    });
  }
}

/** The status of an N-ACTION that is not ours to take (PS3.7 §10.1.4.1.10). */
function findMisdirection({ context, command }: DimseRequest): number | undefined {
  const { requestedSopClassUid, requestedSopInstanceUid, actionTypeId } = command;
  if (
    context.abstractSyntaxUid !== storageCommitmentSopClassUid ||
    requestedSopClassUid !== storageCommitmentSopClassUid
  ) {
    return dimseStatus.sopClassNotSupported;
  }
  if (requestedSopInstanceUid !== storageCommitmentSopInstanceUid) {
    return dimseStatus.noSuchObjectInstance;
  }
  return actionTypeId === requestCommitment ? undefined : dimseStatus.noSuchAction;
}

function actionFailure(error: GantryError): ResponseElements {
  const elements = failureStatus(error);
  switch (error.code) {
    case 'processing-failure':
      return elements;
    case 'out-of-resources':
    case 'limit-exceeded':
      return { ...elements, status: dimseStatus.resourceLimitation };
    default:
      return { ...elements, status: dimseStatus.invalidArgumentValue };
  }
}

/** N-EVENT-REPORT (PS3.4 §J.3.3). Rejects when the peer did not take it. */
export async function sendCommitmentReport(
  peer: OperationPeer,
  context: PresentationContext,
  { eventTypeId, dataSet }: CommitmentReport,
): Promise<void> {
  const { status } = await peer.invoke({
    context,
    command: {
      commandField: commandField.nEventReportRequest,
      affectedSopClassUid: storageCommitmentSopClassUid,
      affectedSopInstanceUid: storageCommitmentSopInstanceUid,
      eventTypeId,
    },
    dataSet: encodeDataSet(dataSet, context.transferSyntaxUid),
  });
  if (status !== dimseStatus.success) {
    throw new GantryError('peer-unavailable', `N-EVENT-REPORT answered ${status.toString(16)}`);
  }
}
