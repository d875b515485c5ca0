import { GantryError } from '#engine/base/error-catalogue.js';
import { rewritableTransferSyntaxes } from '#engine/dicom/data-set/rewrite-data-set.js';
import { findTransferSyntax } from '#engine/dicom/dictionary/transfer-syntaxes.js';
import { dimseStatus } from '#engine/dimse/dimse-status.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import type { PresentationContext } from '#engine/upper-layer/negotiation.js';
import { blobDataSet } from '../scu/blob-data-set.js';
import { storeInstance } from '../scu/c-store-scu.js';
import type { OperationPeer, OutgoingInstance } from '../scu/c-store-scu.js';
import type { DataSetSource } from '../scu/operation-invoker.js';
import { waitWhileBusy } from '../scu/wait-while-busy.js';
import type { QueryRetrieveEngine } from './find-matches.js';
import { keyText } from './identifier.js';
import { failedBy } from './sub-operations.js';
import type { SubOperationResult } from './sub-operations.js';

const sopClassUidTag = '00080016';

/** The SOP class of a stored instance. */
export function sopClassOf(record: InstanceRecord): string {
  return keyText(record.attributes[sopClassUidTag]);
}

/** What is sent, by whom and on which contexts. */
export interface InstanceSenderOptions {
  readonly engine: Pick<
    QueryRetrieveEngine,
    'retrieveInstance' | 'describeLayout' | 'instanceTranscodingRefusal' | 'transcodeInstance'
  >;
  readonly peer: OperationPeer;
  /** The contexts on which the peer is the SCP. */
  readonly contexts: readonly PresentationContext[];
  readonly moveOriginator?: NonNullable<OutgoingInstance['moveOriginator']>;
}

/**
 * Sends stored instances one after another, as they are stored; where the peer took no context of the stored transfer syntax, in
 * one that they can be had in without loss.
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
      const { engine, contexts, peer, moveOriginator } = this.#options;
      const context = chooseContext(contexts, sopClassUid, {
        transferSyntaxUid: record.transferSyntaxUid,
        refusalOf: (uid) => engine.instanceTranscodingRefusal(0, record, uid),
      });
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
      return failedBy(error);
    }
  }

  async #dataSetFor(record: InstanceRecord, transferSyntaxUid: string): Promise<DataSetSource> {
    const { engine } = this.#options;
    if (transferSyntaxUid !== record.transferSyntaxUid) {
      const transcoded = await waitWhileBusy(() =>
        engine.transcodeInstance(0, record, transferSyntaxUid),
      );
      return blobDataSet(transcoded, transcoded.dataSetOffset);
    }
    const blob = engine.retrieveInstance(0, record);
    return blobDataSet(blob, engine.describeLayout(0, record).dataSetOffset);
  }
}

/** An instance as far as the choice of its context goes. */
export interface StoredSyntax {
  readonly transferSyntaxUid: string;
  /** Why it cannot be had in another transfer syntax; undefined when it can. */
  refusalOf(transferSyntaxUid: string): string | undefined;
}

/**
 * The context to send an instance on: of the stored transfer syntax, else of one that takes no codec or only the decoder, else of
 * any other that loses nothing. Throws `not-acceptable` when there is none.
 */
export function chooseContext(
  contexts: readonly PresentationContext[],
  sopClassUid: string,
  { transferSyntaxUid: stored, refusalOf }: StoredSyntax,
): PresentationContext {
  const suitable = contexts.filter((context) => context.abstractSyntaxUid === sopClassUid);
  const contextOf = (uid: string): PresentationContext | undefined =>
    suitable.find((context) => context.transferSyntaxUid === uid);
  const asStored = contextOf(stored);
  if (asStored !== undefined) return asStored;
  const agreed = suitable.map((context) => context.transferSyntaxUid);
  const lossless = agreed.filter((uid) => findTransferSyntax(uid)?.isLossy === false);
  let refusal = `no presentation context for transfer syntax ${stored}`;
  for (const uid of new Set([...rewritableTransferSyntaxes, ...lossless])) {
    const context = contextOf(uid);
    if (context === undefined) continue;
    const reason = refusalOf(uid);
    if (reason === undefined) return context;
    refusal = reason;
  }
  throw new GantryError('not-acceptable', refusal);
}

/** Warnings of PS3.7 Annex C and, for storage, of PS3.4 Table B.2-1. */
function resultOf(status: number): SubOperationResult {
  if (status === dimseStatus.success) return { result: 'completed' };
  const isWarning =
    status === 0x0001 || status === 0x0107 || status === 0x0116 || status >>> 12 === 0xb;
  if (isWarning) return { result: 'warning' };
  return { result: 'failed', reason: `C-STORE status ${status.toString(16).padStart(4, '0')}` };
}
