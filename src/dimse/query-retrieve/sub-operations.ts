import { toGantryError } from '#engine/base/error-catalogue.js';
import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';
import { dimseStatus, toErrorComment } from '#engine/dimse/dimse-status.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import type { ResponseElements } from '../service-provider.js';
import type { FinalResponse } from './query-retrieve-scp.js';

/** How a C-STORE sub-operation ended; `reason` is for the Error Comment. */
export type SubOperationResult =
  | { readonly result: 'completed' | 'warning' }
  | { readonly result: 'failed'; readonly reason: string };

/** The result of a sub-operation that came to nothing for an error. */
export function failedBy(error: unknown): SubOperationResult {
  const { detail, message } = toGantryError(error);
  return { result: 'failed', reason: detail === '' ? message : detail };
}

/** The counters are of VR US. */
const counterMax = 0xffff;

/** UIDs listed of instances that could not be sent. */
const failedUidsMax = 10_000;

const failedUidListTag = '00080058';

/** Counts the sub-operations of one C-MOVE or C-GET and words its responses, PS3.4 §C.4.2.1.5 to §C.4.2.1.9. */
export class SubOperations {
  #remaining: number;
  #completed = 0;
  #failed = 0;
  #warning = 0;
  readonly #failedUids: string[] = [];
  #reason = '';

  constructor(total: number) {
    this.#remaining = total;
  }

  count(record: InstanceRecord, outcome: SubOperationResult): void {
    // Instances that were stored after the counting have not been counted.
    this.#remaining = Math.max(0, this.#remaining - 1);
    if (outcome.result !== 'failed') {
      if (outcome.result === 'completed') this.#completed++;
      else this.#warning++;
    } else {
      this.#failed++;
      this.#reason ||= outcome.reason;
      if (this.#failedUids.length < failedUidsMax) this.#failedUids.push(record.sopInstanceUid);
    }
  }

  /** Elements of a response while sub-operations continue. */
  pending(): ResponseElements {
    return { status: dimseStatus.pending, ...this.#remainingCounter, ...this.#counters };
  }

  /** The response when the requestor wanted no more. */
  cancelled(): FinalResponse {
    const status = dimseStatus.cancel;
    return {
      elements: { status, ...this.#remainingCounter, ...this.#counters },
      ...this.#failedIdentifier,
    };
  }

  /** The response when no sub-operation is left. */
  final(): FinalResponse {
    const comment = this.#reason === '' ? {} : { errorComment: toErrorComment(this.#reason) };
    return {
      elements: { status: this.#finalStatus, ...this.#counters, ...comment },
      ...this.#failedIdentifier,
    };
  }

  get #finalStatus(): number {
    if (this.#failed === 0 && this.#warning === 0) return dimseStatus.success;
    return this.#completed === 0 && this.#warning === 0
      ? dimseStatus.subOperationsFailed
      : dimseStatus.subOperationsIncomplete;
  }

  get #remainingCounter(): Pick<ResponseElements, 'numberOfRemainingSuboperations'> {
    return { numberOfRemainingSuboperations: Math.min(this.#remaining, counterMax) };
  }

  get #counters(): Omit<ResponseElements, 'status'> {
    return {
      numberOfCompletedSuboperations: Math.min(this.#completed, counterMax),
      numberOfFailedSuboperations: Math.min(this.#failed, counterMax),
      numberOfWarningSuboperations: Math.min(this.#warning, counterMax),
    };
  }

  get #failedIdentifier(): { readonly identifier?: JsonDataSet } {
    if (this.#failed === 0) return {};
    return { identifier: { [failedUidListTag]: { vr: 'UI', Value: [...this.#failedUids] } } };
  }
}
