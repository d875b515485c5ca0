import type { CommandSet } from '#engine/dimse/command-set.js';
import type { ReceivedCommand } from '#engine/dimse/message-reader.js';
import type { PresentationContext } from '#engine/upper-layer/negotiation.js';
import type { Operation, OperationResponse } from './scu/operation-invoker.js';

/** A DIMSE request that arrived on an association. */
export interface DimseRequest {
  readonly context: PresentationContext;
  readonly command: ReceivedCommand;
  readonly messageId: number;
  readonly hasDataSet: boolean;
}

/** Elements of a response beyond those that repeat the request. */
export type ResponseElements = Pick<CommandSet, 'errorComment' | 'offendingElement'> & {
  readonly status: number;
};

/** Takes the data set of a request as it arrives. */
export interface DataSetReceiver {
  /** `bytes` is valid until the call returns. */
  write(bytes: Uint8Array): void;
  end(): void;
}

/** What a provider sees of its association. */
export interface ServiceAssociation {
  readonly associationId: string;
  readonly callingAeTitle: string;
  /** Answers a request, once. Ignored when the association has ended meanwhile. */
  respond(request: DimseRequest, elements: ResponseElements): void;
  /** Asks an operation of the peer, as `OperationInvoker.invoke`: sub-operations of C-GET, N-EVENT-REPORT. */
  invoke(operation: Operation): Promise<OperationResponse>;
  /** Stops reading from the peer until `resumeReceiving`; what has been read already still arrives. */
  pauseReceiving(): void;
  resumeReceiving(): void;
}

/** The SCP side of one DIMSE service on one association. */
export interface ServiceProvider {
  /** The Command Field of the requests that it answers. */
  readonly commandField: number;
  /**
   * Begins an operation. The result takes the data set, if the request has one; without a taker the data set is read and
   * dropped, and the provider has answered already.
   */
  begin(request: DimseRequest): DataSetReceiver | undefined;
  /** The association has ended; a data set that has not ended will not arrive. */
  close(): void;
}

/** Makes the provider of an association. */
export type ServiceProviderFactory = (association: ServiceAssociation) => ServiceProvider;
