import type { CommandSet } from '#engine/dimse/command-set.js';
import type { ReceivedCommand } from '#engine/dimse/message-reader.js';
import type { PresentationContext } from '#engine/upper-layer/negotiation.js';
import type { OperationPeer } from './scu/c-store-scu.js';

/** A DIMSE request that arrived on an association. */
export interface DimseRequest {
  readonly context: PresentationContext;
  readonly command: ReceivedCommand;
  readonly messageId: number;
  readonly hasDataSet: boolean;
}

/** Elements of a response beyond those that repeat the request. */
export type ResponseElements = Pick<
  CommandSet,
  | 'affectedSopClassUid'
  | 'affectedSopInstanceUid'
  | 'actionTypeId'
  | 'errorComment'
  | 'offendingElement'
  | 'numberOfRemainingSuboperations'
  | 'numberOfCompletedSuboperations'
  | 'numberOfFailedSuboperations'
  | 'numberOfWarningSuboperations'
> & {
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
  /** Stops reading from the peer until `resumeReceiving`; what has been read already still arrives. */
  pauseReceiving(): void;
  resumeReceiving(): void;
}

/** What a provider sees of an association that a peer opened, beyond what every association has. */
export interface AcceptedAssociation extends ServiceAssociation, OperationPeer {
  /** Contexts on which the peer takes our requests: those of classes it is the SCP of (PS3.7 §D.3.3.4). */
  readonly peerScpContexts: readonly PresentationContext[];
  /** Our answer to the extended negotiation of a class, if there was any. */
  extendedNegotiation(sopClassUid: string): Uint8Array | undefined;
  /** As `ServiceAssociation.respond`, with a data set in the transfer syntax of the request's context. */
  respond(request: DimseRequest, elements: ResponseElements, dataSet?: Uint8Array): void;
  /** One of the responses before the last, status pending. Ignored when the association has ended meanwhile. */
  respondPending(request: DimseRequest, elements: ResponseElements, dataSet?: Uint8Array): void;
  /** Resolves when the peer has taken enough for more to be sent; undefined when that is now. */
  whenWritable(): Promise<void> | undefined;
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
  /** The peer wants no more of the operation with that message id (C-CANCEL); another provider's perhaps. */
  cancel?(messageId: number): void;
  /** The association has ended; a data set that has not ended will not arrive. */
  close(): void;
}

/** Makes the provider of an association. */
export type ServiceProviderFactory = (association: ServiceAssociation) => ServiceProvider;

/** Makes the provider of an association that a peer opened. */
export type AcceptedProviderFactory = (association: AcceptedAssociation) => ServiceProvider;
