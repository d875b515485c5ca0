import { GantryError, toGantryError } from '#engine/base/error-catalogue.js';
import type { Logger } from '#engine/base/logger.js';
import { noDataSet, responseBit } from '#engine/dimse/command-set.js';
import { dimseStatus } from '#engine/dimse/dimse-status.js';
import { MessageReader } from '#engine/dimse/message-reader.js';
import type { ReceivedCommand } from '#engine/dimse/message-reader.js';
import { MessageWriter } from '#engine/dimse/message-writer.js';
import type { TcpConnection, TcpReceiver } from '#engine/transport/tcp-connection.js';
import { Association } from '#engine/upper-layer/association.js';
import type { AbortCause, AssociationEffects } from '#engine/upper-layer/association.js';
import { agreedContexts } from '#engine/upper-layer/negotiation.js';
import type { PresentationContext } from '#engine/upper-layer/negotiation.js';
import type { AssociateAccept, AssociateRequest } from '#engine/upper-layer/pdu-types.js';
import { abortText } from '#engine/upper-layer/reason-text.js';
import type {
  DataSetReceiver,
  DimseRequest,
  ResponseElements,
  ServiceAssociation,
  ServiceProvider,
  ServiceProviderFactory,
} from '#src/dimse/service-provider.js';
import { WriteGate } from '#src/dimse/write-gate.js';
import { abortedError, AssociationError, rejectedError } from './association-error.js';
import type { ScuTimeouts } from './association-requestor.js';
import { OperationInvoker } from './operation-invoker.js';
import type { Operation, OperationResponse } from './operation-invoker.js';

export interface RequestedAssociationOptions {
  readonly associationId: string;
  readonly connection: TcpConnection;
  readonly request: AssociateRequest;
  readonly services: readonly ServiceProviderFactory[];
  readonly timeouts: ScuTimeouts;
  readonly logger: Logger;
}

/** An association that we asked for: invokes operations, and answers requests of the peer if services were given. */
export class RequestedAssociation {
  readonly associationId: string;
  /** Resolves when the peer has accepted; rejects otherwise. */
  readonly established: Promise<void>;
  /** Resolves when the association has ended, however. */
  readonly ended: Promise<void>;
  readonly #options: RequestedAssociationOptions;
  readonly #association: Association;
  readonly #messageReader: MessageReader;
  readonly #providers = new Map<number, ServiceProvider>();
  #invoker: OperationInvoker | undefined;
  #accept: AssociateAccept | undefined;
  #contexts: readonly PresentationContext[] = [];
  #dataSetReceiver: DataSetReceiver | undefined;
  #failure: GantryError | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #writeGate = new WriteGate();
  #isReceivingPaused = false;
  #settleEstablished: { resolve: () => void; reject: (error: GantryError) => void };
  #resolveEnded: () => void = () => undefined;

  constructor(options: RequestedAssociationOptions) {
    this.associationId = options.associationId;
    this.#options = options;
    this.#settleEstablished = { resolve: () => undefined, reject: () => undefined };
    this.established = new Promise((resolve, reject) => {
      this.#settleEstablished = { resolve, reject };
    });
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    this.#messageReader = new MessageReader({
      onCommand: (contextId, command, hasDataSet) => {
        this.#dataSetReceiver = this.#takeCommand(contextId, command, hasDataSet);
      },
      onDataSetFragment: (bytes) => this.#dataSetReceiver?.write(bytes),
      onDataSetEnd: () => {
        const receiver = this.#dataSetReceiver;
        this.#dataSetReceiver = undefined;
        receiver?.end();
      },
    });
    this.#association = new Association(
      'requestor',
      this.#createEffects(),
      options.request.userInformation.maximumLengthBytes,
    );
    this.#association.requestAssociation(options.request);
    this.#startTimer(options.timeouts.associateTimeoutMs, () =>
      this.#fail(new AssociationError('timeout', 'no answer to the association request')),
    );
    this.#association.transportOpened();
  }

  /** What the connection reports to; attach it at once. */
  get receiver(): TcpReceiver {
    return {
      onData: (chunk) => {
        this.#invoker?.noteProgress();
        this.#association.receive(chunk);
      },
      onDrain: () => {
        this.#invoker?.noteProgress();
        this.#writeGate.open();
      },
      onClose: () => {
        clearTimeout(this.#timer);
        this.#association.transportClosed();
        this.#end(new AssociationError('peer-unavailable', 'connection lost'));
      },
    };
  }

  /** The contexts that the peer accepted, in the order of the proposal. */
  get contexts(): readonly PresentationContext[] {
    return this.#contexts;
  }

  /** What the peer answered; undefined before it accepted. */
  get accept(): AssociateAccept | undefined {
    return this.#accept;
  }

  /** Whether operations may be invoked. */
  get isOpen(): boolean {
    return this.#failure === undefined && this.#association.canSendData;
  }

  /** Operations under way. */
  get activeCount(): number {
    return this.#invoker?.activeCount ?? 0;
  }

  /** The first accepted context of an abstract syntax, of one transfer syntax if given. */
  findContext(
    abstractSyntaxUid: string,
    transferSyntaxUid?: string,
  ): PresentationContext | undefined {
    return this.#contexts.find(
      (context) =>
        context.abstractSyntaxUid === abstractSyntaxUid &&
        (transferSyntaxUid === undefined || context.transferSyntaxUid === transferSyntaxUid),
    );
  }

  /** As `OperationInvoker.invoke`. */
  invoke(operation: Operation): Promise<OperationResponse> {
    return this.#invoker === undefined
      ? Promise.reject(new AssociationError('peer-unavailable', 'no association'))
      : this.#invoker.invoke(operation);
  }

  /** Sends a message that has no response, i.e. C-CANCEL-RQ; nothing happens when the association has ended. */
  async notify(context: PresentationContext, command: Operation['command']): Promise<void> {
    const message = { ...command, commandDataSetType: noDataSet };
    await this.#invoker?.send(context.contextId, message).catch(() => undefined);
  }

  /** Ends the association in order; resolves when it has ended. */
  async release(): Promise<void> {
    if (!this.isOpen) return this.abort();
    this.#startTimer(this.#options.timeouts.releaseTimeoutMs, () =>
      this.#fail(new AssociationError('timeout', 'no answer to the release request')),
    );
    this.#association.requestRelease();
    await this.ended;
  }

  /** Ends the association at once; operations under way are rejected with `aborted`. */
  abort(): void {
    this.#fail(new AssociationError('aborted', 'association aborted by us'));
  }

  #fail(error: GantryError): void {
    this.#association.abort();
    this.#end(error);
  }

  #end(error: GantryError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#dataSetReceiver = undefined;
    this.#invoker?.close(error);
    for (const provider of this.#providers.values()) provider.close();
    this.#writeGate.open();
    this.#settleEstablished.reject(error);
    this.#resolveEnded();
  }

  #startTimer(timeoutMs: number, onExpired: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(onExpired, timeoutMs);
  }

  #createEffects(): AssociationEffects {
    const { connection, timeouts } = this.#options;
    return {
      send: (bytes) => {
        if (!connection.write(bytes)) this.#writeGate.shut();
      },
      close: () => {
        connection.close();
      },
      startArtim: () => {
        connection.resume();
        this.#startTimer(timeouts.releaseTimeoutMs, () => this.#association.artimExpired());
      },
      stopArtim: () => {
        clearTimeout(this.#timer);
      },
      associateConfirmed: (answer) => {
        clearTimeout(this.#timer);
        if ('result' in answer) this.#end(rejectedError(answer));
        else this.#establish(answer);
      },
      dataReceived: (contextId, isCommand, isLast, bytes) => {
        try {
          this.#messageReader.push(contextId, isCommand, isLast, bytes);
        } catch (error) {
          this.#fail(toGantryError(error));
        }
      },
      releaseRequested: () => {
        this.#association.respondRelease();
        this.#end(new AssociationError('peer-unavailable', 'association released by the peer'));
      },
      releaseConfirmed: () => {
        this.#end(new AssociationError('aborted', 'association released'));
      },
      aborted: (cause) => {
        this.#logAbort(cause);
        this.#end(abortedError(cause));
      },
      associateRequested: () => undefined,
    };
  }

  #logAbort(cause: AbortCause): void {
    const { logger, request } = this.#options;
    const { associationId } = this;
    const { calledAeTitle } = request;
    const text = cause.by === 'peer' ? `aborted by peer ${abortText(cause)}` : 'aborted';
    logger.warn({ associationId, calledAeTitle, ...cause }, `association ${text}`);
  }

  #establish(accept: AssociateAccept): void {
    const { request, services, timeouts } = this.#options;
    this.#accept = accept;
    this.#contexts = agreedContexts(request.presentationContexts, accept.presentationContexts);
    this.#invoker = new OperationInvoker({
      writer: new MessageWriter(accept.userInformation.maximumLengthBytes, (bytes) => {
        this.#association.sendData(bytes);
      }),
      whenWritable: () => this.#writeGate.opening,
      responseTimeoutMs: timeouts.responseTimeoutMs,
      onBroken: (error) => this.#fail(error),
    });
    const view = this.#createServiceAssociation();
    for (const createProvider of services) {
      const provider = createProvider(view);
      this.#providers.set(provider.commandField, provider);
    }
    this.#settleEstablished.resolve();
  }

  // ---- messages ----

  #takeCommand(
    contextId: number,
    command: ReceivedCommand,
    hasDataSet: boolean,
  ): DataSetReceiver | undefined {
    if ((command.commandField & responseBit) !== 0) {
      return this.#invoker?.receiveResponse(command, hasDataSet);
    }
    const context = this.#contexts.find((agreed) => agreed.contextId === contextId);
    if (context === undefined || command.messageId === undefined) {
      throw new GantryError('malformed', 'command set: MessageID (0000,0110) is missing');
    }
    const request = { context, command, messageId: command.messageId, hasDataSet };
    const provider = this.#providers.get(command.commandField);
    if (provider !== undefined) return provider.begin(request);
    const refuse = (): void =>
      this.#respond(request, { status: dimseStatus.unrecognizedOperation });
    if (hasDataSet) return { write: () => undefined, end: refuse };
    refuse();
    return undefined;
  }

  #createServiceAssociation(): ServiceAssociation {
    const { connection, request } = this.#options;
    return {
      associationId: this.associationId,
      // The peer that sends to us is the one we called.
      callingAeTitle: request.calledAeTitle,
      respond: (answered, elements) => this.#respond(answered, elements),
      pauseReceiving: () => {
        this.#isReceivingPaused = true;
        connection.pause();
      },
      resumeReceiving: () => {
        if (!this.#isReceivingPaused) return;
        this.#isReceivingPaused = false;
        connection.resume();
      },
    };
  }

  #respond(request: DimseRequest, elements: ResponseElements): void {
    const { command, context, messageId } = request;
    const { affectedSopClassUid, affectedSopInstanceUid } = command;
    const response = {
      commandField: command.commandField | responseBit,
      messageIdBeingRespondedTo: messageId,
      commandDataSetType: noDataSet,
      ...(affectedSopClassUid !== undefined && { affectedSopClassUid }),
      ...(affectedSopInstanceUid !== undefined && { affectedSopInstanceUid }),
      ...elements,
    };
    void this.#invoker?.send(context.contextId, response).catch(() => undefined);
  }
}
