import { commandField } from '#engine/dimse/command-set.js';
import type { PresentationContext } from '#engine/upper-layer/negotiation.js';
import type { DataSetSource, Operation, OperationResponse } from './operation-invoker.js';

/** Who can be asked for an operation: an association, whichever side opened it. */
export interface OperationPeer {
  invoke(operation: Operation): Promise<OperationResponse>;
}

/** One instance to be sent. */
export interface OutgoingInstance {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  /** Its data set, without File Meta Information, in the transfer syntax of the context that it is sent on. */
  readonly dataSet: DataSetSource;
  /** The C-MOVE that this is a sub-operation of (PS3.7 §9.1.1.1). */
  readonly moveOriginator?: { readonly aeTitle: string; readonly messageId: number };
}

/** Value of Priority (0000,0700) for medium, PS3.7 §9.3.1.1. */
export const mediumPriority = 0x0000;

/**
 * C-STORE as SCU (PS3.4 §B.2.1): streams the instance and resolves with the response, whatever its status. Rejects as
 * `OperationInvoker.invoke` does.
 */
export function storeInstance(
  peer: OperationPeer,
  context: PresentationContext,
  instance: OutgoingInstance,
): Promise<OperationResponse> {
  const { sopClassUid, sopInstanceUid, dataSet, moveOriginator } = instance;
  return peer.invoke({
    context,
    dataSet,
    command: {
      commandField: commandField.cStoreRequest,
      affectedSopClassUid: sopClassUid,
      affectedSopInstanceUid: sopInstanceUid,
      priority: mediumPriority,
      ...(moveOriginator !== undefined && {
        moveOriginatorApplicationEntityTitle: moveOriginator.aeTitle,
        moveOriginatorMessageId: moveOriginator.messageId,
      }),
    },
  });
}
