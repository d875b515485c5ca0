import { commandField } from '#engine/dimse/command-set.js';
import { mediumPriority } from './c-store-scu.js';
import type { Operation, OperationResponse } from './operation-invoker.js';
import type { RequestedAssociation } from './requested-association.js';
import { requireContext } from './require-context.js';

/** A query, or a retrieval of what it finds (PS3.4 §C.4). */
export interface QueryRetrieveRequest {
  /** SOP class of the information model and the operation. */
  readonly sopClassUid: string;
  /** Identifier in the transfer syntax of the context that was accepted for the class. */
  readonly identifier: Uint8Array;
  /** A match of C-FIND, with its identifier as data set; progress of C-MOVE and C-GET, with its counters. */
  readonly onPending?: (response: OperationResponse) => void;
  /** Cancels: the final response then says so, or that everything was done before. */
  readonly signal?: AbortSignal;
}

/** C-FIND as SCU (PS3.4 §C.4.1). Resolves with the final response, whatever its status; rejects when the association ends. */
export function find(
  association: RequestedAssociation,
  request: QueryRetrieveRequest,
): Promise<OperationResponse> {
  return invoke(association, request, { commandField: commandField.cFindRequest });
}

/** C-MOVE as SCU (PS3.4 §C.4.2), as `find`; `destination` is an AE title that the peer knows. */
export function move(
  association: RequestedAssociation,
  request: QueryRetrieveRequest,
  destination: string,
): Promise<OperationResponse> {
  const command = { commandField: commandField.cMoveRequest, moveDestination: destination };
  return invoke(association, request, command);
}

/**
 * C-GET as SCU (PS3.4 §C.4.3), as `find`. The instances come on the same association, to a storage service of its proposal;
 * storage classes are to be proposed with the role of SCP.
 */
export function get(
  association: RequestedAssociation,
  request: QueryRetrieveRequest,
): Promise<OperationResponse> {
  return invoke(association, request, { commandField: commandField.cGetRequest });
}

async function invoke(
  association: RequestedAssociation,
  { sopClassUid, identifier, onPending, signal }: QueryRetrieveRequest,
  command: Operation['command'],
): Promise<OperationResponse> {
  signal?.throwIfAborted();
  const context = requireContext(association, sopClassUid);
  let cancel: () => void = () => undefined;
  const response = association.invoke({
    context,
    command: { ...command, affectedSopClassUid: sopClassUid, priority: mediumPriority },
    dataSet: identifier,
    ...(onPending !== undefined && { onPending }),
    onMessageId: (messageId) => {
      cancel = () => {
        void association.notify(context, {
          commandField: commandField.cCancelRequest,
          messageIdBeingRespondedTo: messageId,
        });
      };
      signal?.addEventListener('abort', cancel, { once: true });
    },
  });
  try {
    return await response;
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
}
