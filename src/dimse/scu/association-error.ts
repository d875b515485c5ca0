import { GantryError } from '#engine/base/error-catalogue.js';
import type { ErrorCode } from '#engine/base/error-catalogue.js';
import type { AbortCause } from '#engine/upper-layer/association.js';
import type { AssociateReject } from '#engine/upper-layer/pdu-types.js';
import { abortText, rejectReasonName } from '#engine/upper-layer/reason-text.js';

/** Result of an A-ASSOCIATE-RJ that may be different next time, PS3.8 Table 9-21. */
const transientResult = 2;

/** Why an association with a peer did not come about or ended early. */
export class AssociationError extends GantryError {
  /** Given when the peer rejected the association. */
  readonly reject: AssociateReject | undefined;

  constructor(code: ErrorCode, detail: string, reject?: AssociateReject) {
    super(code, detail);
    this.name = 'AssociationError';
    this.reject = reject;
  }

  /** Whether the peer asked to come again: a rejection that is transient. */
  get isTransientReject(): boolean {
    return this.reject?.result === transientResult;
  }
}

/** The error of operations whose association was aborted. */
export function abortedError(cause: AbortCause): AssociationError {
  switch (cause.by) {
    case 'peer':
      return new AssociationError(
        'peer-unavailable',
        `association aborted by the peer (${abortText(cause)})`,
      );
    case 'provider':
      return new AssociationError('peer-unavailable', `association aborted: ${cause.detail}`);
    case 'transport':
      return new AssociationError('peer-unavailable', 'connection lost');
  }
}

/** The error of a request for an association that the peer rejected; all three fields, fit for an Error Comment of 64 characters. */
export function rejectedError(reject: AssociateReject): AssociationError {
  const { result, source, reason } = reject;
  return new AssociationError(
    'peer-unavailable',
    `rejected ${result}/${source}/${reason}: ${rejectReasonName(reject)}`,
    reject,
  );
}
