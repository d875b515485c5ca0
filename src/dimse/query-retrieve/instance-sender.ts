import { toGantryError } from '#engine/base/error-catalogue.js';
import {
  rewritableTransferSyntaxes,
  rewriteDataSet,
} from '#engine/dicom/data-set/rewrite-data-set.js';
import { dimseStatus } from '#engine/dimse/dimse-status.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import type { PresentationContext } from '#engine/upper-layer/negotiation.js';
import { blobDataSet } from '../scu/blob-data-set.js';
import { storeInstance } from '../scu/c-store-scu.js';
import type { OperationPeer, OutgoingInstance } from '../scu/c-store-scu.js';
import type { DataSetSource } from '../scu/operation-invoker.js';
import type { QueryRetrieveEngine } from './find-matches.js';
import { keyText } from './identifier.js';
import type { SubOperationResult } from './sub-operations.js';

const sopClassUidTag = '00080016';

/** The SOP class of a stored instance. */
export function sopClassOf(record: InstanceRecord): string {
  return keyText(record.attributes[sopClassUidTag]);
}

/** What is sent, by whom and on which contexts. */
export interface InstanceSenderOptions {
  readonly engine: Pick<QueryRetrieveEngine, 'retrieveInstance' | 'describeLayout'>;
  readonly peer: OperationPeer;
  /** The contexts on which the peer is the SCP. */
  readonly contexts: readonly PresentationContext[];
  readonly moveOriginator?: NonNullable<OutgoingInstance['moveOriginator']>;
}

/**
 * Sends stored instances one after another, as they are stored; between implicit and explicit VR little endian the element
 * headers are rewritten. To any other transfer syntax than the stored one nothing is converted.
 */
export class InstanceSender {
  readonly #options: InstanceSenderOptions;

  constructor(options: InstanceSenderOptions) {
    this.#options = options;
  }

  /** Never rejects: whatever goes wrong is the result of the sub-operation. */
  async send(record: InstanceRecord): Promise<SubOperationResult> {
    try {
      const sopClassUid = sopClassOf(record);
      const context = chooseContext(this.#options.contexts, sopClassUid, record.transferSyntaxUid);
      if (context === undefined) {
        return { result: 'failed', reason: 'no presentation context for the stored syntax' };
      }
      const { peer, moveOriginator } = this.#options;
      const { sopInstanceUid } = record;
      const dataSet = await this.#dataSetFor(record, context.transferSyntaxUid);
      const instance = { sopClassUid, sopInstanceUid, dataSet };
      const { status } = await storeInstance(
        peer,
        context,
        moveOriginator === undefined ? instance : { ...instance, moveOriginator },
      );
      return resultOf(status);
    } catch (error) {
      return { result: 'failed', reason: toGantryError(error).message };
    }
  }

  async #dataSetFor(record: InstanceRecord, transferSyntaxUid: string): Promise<DataSetSource> {
    const { engine } = this.#options;
    const blob = engine.retrieveInstance(0, record);
    const { dataSetOffset } = engine.describeLayout(0, record);
    const stored = blobDataSet(blob, dataSetOffset);
    if (transferSyntaxUid === record.transferSyntaxUid) return stored;
    const syntaxes = {
      fromTransferSyntaxUid: record.transferSyntaxUid,
      toTransferSyntaxUid: transferSyntaxUid,
    };
    return (await rewriteDataSet(stored, syntaxes)).head;
  }
}

/** The context to send an instance on: of its transfer syntax, else of one that it can be rewritten to. */
export function chooseContext(
  contexts: readonly PresentationContext[],
  sopClassUid: string,
  transferSyntaxUid: string,
): PresentationContext | undefined {
  const suitable = contexts.filter((context) => context.abstractSyntaxUid === sopClassUid);
  return (
    suitable.find((context) => context.transferSyntaxUid === transferSyntaxUid) ??
    (rewritableTransferSyntaxes.includes(transferSyntaxUid)
      ? suitable.find((context) => rewritableTransferSyntaxes.includes(context.transferSyntaxUid))
      : undefined)
  );
}

/** Warnings of PS3.7 Annex C and, for storage, of PS3.4 Table B.2-1. */
function resultOf(status: number): SubOperationResult {
  if (status === dimseStatus.success) return { result: 'completed' };
  const isWarning =
    status === 0x0001 || status === 0x0107 || status === 0x0116 || status >>> 12 === 0xb;
  if (isWarning) return { result: 'warning' };
  return { result: 'failed', reason: `C-STORE status ${status.toString(16).padStart(4, '0')}` };
}
