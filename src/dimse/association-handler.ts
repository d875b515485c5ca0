import { GantryError, toGantryError } from '#engine/base/error-catalogue.js';
import type { Logger } from '#engine/base/logger.js';
import { commandField, noDataSet, responseBit, withDataSet } from '#engine/dimse/command-set.js';
import type { CommandSet } from '#engine/dimse/command-set.js';
import { dimseStatus } from '#engine/dimse/dimse-status.js';
import { MessageReader, type ReceivedCommand } from '#engine/dimse/message-reader.js';
import { MessageWriter } from '#engine/dimse/message-writer.js';
import type { TcpConnection, TcpReceiver } from '#engine/transport/tcp-connection.js';
import { Association } from '#engine/upper-layer/association.js';
import type { AbortCause, AssociationEffects } from '#engine/upper-layer/association.js';
import { findRejection, negotiate } from '#engine/upper-layer/negotiation.js';
import type { IdentityVerdict, PresentationContext } from '#engine/upper-layer/negotiation.js';
import { associateReject } from '#engine/upper-layer/pdu-types.js';
import type { AssociateAccept, AssociateRequest } from '#engine/upper-layer/pdu-types.js';
import { refusalOf, type Admission } from './admission.js';
import type { AssociationEnd, AssociationObserver, DimseCounters } from './association-observer.js';
import { OperationInvoker } from './scu/operation-invoker.js';
import type {
  AcceptedAssociation,
  AcceptedProviderFactory,
  DataSetReceiver,
  DimseRequest,
  ResponseElements,
  ServiceProvider,
} from './service-provider.js';

/** What all associations of a service share. */
export interface AssociationEnvironment {
  readonly admit: (request: AssociateRequest, remoteAddress: string) => Admission;
  /** Resolves when the store has space, or after a moment without. */
  readonly whenFree: () => Promise<void>;
  readonly observer: AssociationObserver;
  readonly logger: Logger;
  readonly counters: DimseCounters;
  /** Longest P-DATA-TF variable field asked of peers; 0 is unlimited. */
  readonly maximumLengthBytes: number;
  readonly artimTimeoutMs: number;
  /** Without anything from the peer, and nothing owed to it, for this long: abort. */
  readonly idleTimeoutMs: number;
}

/** Why reading from the peer is suspended: the store is full, our answers pile up, too many operations are outstanding. */
type PauseReason = 'store' | 'output' | 'operations';

/** Owns one connection and the association on it: moves bytes between the two and requests to the service providers. */
export class AssociationHandler implements TcpReceiver {
  readonly associationId: string;
  readonly #connection: TcpConnection;
  readonly #environment: AssociationEnvironment;
  readonly #association: Association;
  readonly #messageReader: MessageReader;
  #messageWriter: MessageWriter | undefined;
  /** Requests of ours, on contexts whose SCP is the peer. */
  #invoker: OperationInvoker | undefined;
  readonly #contexts = new Map<number, PresentationContext>();
  readonly #providers = new Map<number, ServiceProvider>();

  #isEstablished = false;
  #admission: Admission | undefined;
  #isDraining = false;
  #isReleaseRequested = false;
  /** Requests that were received whole and have no response yet. */
  #outstandingCount = 0;
  /** Whether the message that is arriving is a request. */
  #isRequest = false;
  #dataSetReceiver: DataSetReceiver | undefined;
  readonly #pauseReasons = new Set<PauseReason>();
  /** Wait for `output` to be no reason to pause. */
  #writers: (() => void)[] = [];
  #artimTimer: NodeJS.Timeout | undefined;
  #idleTimer: NodeJS.Timeout | undefined;

  #callingAeTitle = '';
  readonly #startedAtMs = Date.now();
  #completedCount = 0;
  #failedCount = 0;

  constructor(
    associationId: string,
    connection: TcpConnection,
    environment: AssociationEnvironment,
  ) {
    this.associationId = associationId;
    this.#connection = connection;
    this.#environment = environment;
    this.#association = new Association(
      'acceptor',
      this.#createEffects(),
      environment.maximumLengthBytes,
    );
    this.#messageReader = new MessageReader({
      onCommand: (contextId, command, hasDataSet) => {
        this.#beginRequest(contextId, command, hasDataSet);
      },
      onDataSetFragment: (bytes) => this.#dataSetReceiver?.write(bytes),
      onDataSetEnd: () => {
        this.#endDataSet();
      },
    });
    this.#association.transportOpened();
  }

  /** Whether there is an association, i.e. one that counts against the limit. */
  get isEstablished(): boolean {
    return this.#isEstablished;
  }

  /** Ends the association as soon as no operation is in progress. */
  drain(): void {
    this.#isDraining = true;
    if (this.#isIdle) this.abort();
  }

  /** Ends the association now. The peer is to close the connection then; without an association we do. */
  abort(): void {
    this.#association.abort();
    this.#end('aborted-by-us');
    if (this.#association.state !== 'Sta13') this.#connection.close();
  }

  onData(chunk: Buffer): void {
    this.#notePeer();
    this.#association.receive(chunk);
  }

  onDrain(): void {
    this.#notePeer();
    this.#resume('output');
    this.#releaseWriters();
  }

  onClose(): void {
    this.#association.transportClosed();
    clearTimeout(this.#artimTimer);
    this.#end('connection-lost');
  }

  /** The peer has sent or taken something. */
  #notePeer(): void {
    this.#idleTimer?.refresh();
    this.#invoker?.noteProgress();
  }

  get #isIdle(): boolean {
    return this.#outstandingCount === 0 && !this.#messageReader.isInMessage;
  }

  // ---- effects of the association ----

  #createEffects(): AssociationEffects {
    return {
      send: (bytes) => {
        if (!this.#connection.write(bytes)) this.#pause('output');
      },
      close: () => {
        this.#connection.close();
      },
      startArtim: () => {
        this.#startArtim();
      },
      stopArtim: () => {
        clearTimeout(this.#artimTimer);
      },
      associateRequested: (request) => {
        this.#takeRequest(request);
      },
      dataReceived: (contextId, isCommand, isLast, bytes) => {
        this.#receiveFragment(contextId, isCommand, isLast, bytes);
      },
      releaseRequested: () => {
        this.#isReleaseRequested = true;
        this.#releaseWhenIdle();
      },
      aborted: (cause) => {
        this.#onAborted(cause);
      },
      // Confirmations are for requestors; we request neither associations nor releases.
      associateConfirmed: () => undefined,
      releaseConfirmed: () => undefined,
    };
  }

  #startArtim(): void {
    clearTimeout(this.#artimTimer);
    // A peer that is to close must be heard, whatever reading was suspended for.
    this.#pauseReasons.clear();
    this.#connection.resume();
    this.#artimTimer = setTimeout(() => {
      this.#association.artimExpired();
    }, this.#environment.artimTimeoutMs);
  }

  #takeRequest(request: AssociateRequest): void {
    const admission = this.#environment.admit(request, this.#connection.remoteAddress);
    if (findRejection(request, admission.policy) !== associateReject.temporaryCongestion) {
      return this.#identify(request, admission);
    }
    void this.#environment.whenFree().then(() => {
      // The peer may have gone meanwhile.
      if (this.#association.state === 'Sta3') this.#identify(request, admission);
    });
  }

  #identify(request: AssociateRequest, admission: Admission): void {
    const { policy, verifyIdentity } = admission;
    if (verifyIdentity === undefined || findRejection(request, policy) !== undefined) {
      return this.#negotiate(request, admission, { result: 'ignored' });
    }
    void verifyIdentity(request.userInformation.userIdentity).then((identity) => {
      if (this.#association.state === 'Sta3') this.#negotiate(request, admission, identity);
    });
  }

  #negotiate(request: AssociateRequest, admission: Admission, identity: IdentityVerdict): void {
    const { remoteAddress, isTls } = this.#connection;
    const { associationId } = this;
    const negotiation = negotiate(request, admission.policy, identity);
    const refusal = refusalOf(admission, identity);
    this.#environment.observer.answered({
      associationId,
      remoteAddress,
      isTls,
      request,
      negotiation,
      ...(refusal !== undefined && { refusal }),
      ...(identity.result === 'accepted' && { userName: identity.userName }),
    });
    if (!negotiation.isAccepted) return this.#association.reject(negotiation.reject);
    this.#isEstablished = true;
    this.#admission = admission;
    this.#callingAeTitle = request.callingAeTitle;
    for (const context of negotiation.presentationContexts) {
      this.#contexts.set(context.contextId, context);
    }
    this.#messageWriter = new MessageWriter(request.userInformation.maximumLengthBytes, (bytes) => {
      this.#association.sendData(bytes);
    });
    this.#invoker = this.#createInvoker(this.#messageWriter);
    this.#openProviders(admission.services, negotiation.accept);
    this.#startIdleTimer();
    this.#association.accept(negotiation.accept, negotiation.presentationContexts);
  }

  #createInvoker(writer: MessageWriter): OperationInvoker {
    return new OperationInvoker({
      writer,
      whenWritable: () => this.#whenWritable(),
      responseTimeoutMs: this.#environment.idleTimeoutMs,
      onBroken: () => {
        this.abort();
      },
    });
  }

  #openProviders(
    services: readonly AcceptedProviderFactory[],
    { userInformation }: AssociateAccept,
  ): void {
    const { roleSelections, extendedNegotiations } = userInformation;
    const peerScpClasses = new Set(
      roleSelections.filter(({ isScp }) => isScp).map(({ sopClassUid }) => sopClassUid),
    );
    const association: AcceptedAssociation = {
      associationId: this.associationId,
      callingAeTitle: this.#callingAeTitle,
      peerScpContexts: [...this.#contexts.values()].filter(({ abstractSyntaxUid }) =>
        peerScpClasses.has(abstractSyntaxUid),
      ),
      extendedNegotiation: (uid) =>
        extendedNegotiations.find(({ sopClassUid }) => sopClassUid === uid)?.information,
      respond: (request, elements, dataSet) => {
        this.#respond(request, elements, dataSet);
      },
      respondPending: (request, elements, dataSet) => {
        this.#sendResponse(request, elements, dataSet);
      },
      whenWritable: () => this.#whenWritable(),
      invoke: (operation) =>
        this.#invoker?.invoke(operation) ??
        Promise.reject(new GantryError('aborted', 'no association')),
      pauseReceiving: () => {
        this.#pause('store');
      },
      resumeReceiving: () => {
        this.#resume('store');
      },
    };
    for (const createProvider of services) {
      const provider = createProvider(association);
      this.#providers.set(provider.commandField, provider);
    }
  }

  #startIdleTimer(): void {
    this.#idleTimer = setTimeout(() => {
      const isOurTurn = this.#outstandingCount > 0 || this.#pauseReasons.size > 0;
      if (isOurTurn && !this.#pauseReasons.has('output')) {
        this.#idleTimer?.refresh();
      } else {
        this.#environment.logger.warn({ associationId: this.associationId }, 'association idle');
        this.abort();
      }
    }, this.#environment.idleTimeoutMs);
  }

  #onAborted(cause: AbortCause): void {
    const end: AssociationEnd =
      cause.by === 'peer'
        ? 'aborted-by-peer'
        : cause.by === 'transport'
          ? 'connection-lost'
          : 'aborted-by-us';
    if (!this.#isEstablished) {
      const { associationId } = this;
      const { remoteAddress, isTls } = this.#connection;
      this.#environment.observer.connectionFailed({ associationId, remoteAddress, isTls, cause });
    }
    this.#end(end, cause);
  }

  /** Lets go of everything that belongs to the association; the connection may stay until the peer closes it. */
  #end(end: AssociationEnd, cause?: AbortCause): void {
    if (!this.#isEstablished) return;
    this.#isEstablished = false;
    clearTimeout(this.#idleTimer);
    this.#dataSetReceiver = undefined;
    this.#invoker?.close(new GantryError('aborted', 'the association has ended'));
    for (const provider of this.#providers.values()) provider.close();
    this.#releaseWriters();
    this.#environment.observer.ended({
      associationId: this.associationId,
      callingAeTitle: this.#callingAeTitle,
      end,
      operationsCompleted: this.#completedCount,
      operationsFailed: this.#failedCount,
      durationMs: Date.now() - this.#startedAtMs,
      ...(cause !== undefined && { cause }),
    });
  }

  // ---- messages ----

  #receiveFragment(
    contextId: number,
    isCommand: boolean,
    isLast: boolean,
    bytes: Uint8Array,
  ): void {
    try {
      this.#messageReader.push(contextId, isCommand, isLast, bytes);
    } catch (error) {
      const { code, detail, cause } = toGantryError(error);
      this.#environment.logger.warn(
        {
          associationId: this.associationId,
          code,
          detail,
          ...(cause !== undefined && { err: cause }),
        },
        'message not understood',
      );
      this.#association.abort();
      this.#end('aborted-by-us');
    }
  }

  #beginRequest(contextId: number, command: ReceivedCommand, hasDataSet: boolean): void {
    const context = this.#contexts.get(contextId);
    if (context === undefined) return;
    if (command.commandField === commandField.cCancelRequest) return this.#cancel(command);
    this.#isRequest = (command.commandField & responseBit) === 0;
    if (!this.#isRequest) {
      this.#dataSetReceiver = this.#invoker?.receiveResponse(command, hasDataSet);
      return;
    }
    if (command.messageId === undefined) {
      throw new GantryError('malformed', 'command set: MessageID (0000,0110) is missing');
    }
    const request = { context, command, messageId: command.messageId, hasDataSet };
    if (!hasDataSet) this.#outstandingCount++;
    const provider = this.#providers.get(command.commandField);
    if (this.#admission?.isCommandPermitted(command.commandField) === false) {
      this.#dataSetReceiver = this.#refuseOperation(request, dimseStatus.notAuthorized);
    } else if (provider === undefined) {
      this.#dataSetReceiver = this.#refuseOperation(request, dimseStatus.unrecognizedOperation);
    } else {
      this.#dataSetReceiver = provider.begin(request);
    }
    if (!hasDataSet) this.#limitOutstanding();
    // Answered, and so no longer counted, before its data set has come: that is dropped, and its end counts nothing.
    else if (this.#dataSetReceiver === undefined) this.#outstandingCount++;
  }

  /** A C-CANCEL may always come too late (PS3.7 §9.3.2.3); it is not answered itself. */
  #cancel({ messageIdBeingRespondedTo: messageId }: ReceivedCommand): void {
    if (messageId === undefined) return;
    for (const provider of this.#providers.values()) provider.cancel?.(messageId);
  }

  #refuseOperation(request: DimseRequest, status: number): DataSetReceiver | undefined {
    const answer = (): void => {
      this.#respond(request, { status });
    };
    if (request.hasDataSet) return { write: () => undefined, end: answer };
    answer();
    return undefined;
  }

  #endDataSet(): void {
    const receiver = this.#dataSetReceiver;
    this.#dataSetReceiver = undefined;
    if (receiver === undefined) return;
    if (!this.#isRequest) return receiver.end();
    this.#outstandingCount++;
    receiver.end();
    this.#limitOutstanding();
  }

  /** At the limit the peer is still read: it may cancel, and answers what a C-GET of it sends. Beyond, it has to wait. */
  #limitOutstanding(): void {
    if (this.#outstandingCount > (this.#admission?.policy.operationsInvokedMax ?? 1)) {
      this.#pause('operations');
    }
  }

  #respond(request: DimseRequest, elements: ResponseElements, dataSet?: Uint8Array): void {
    this.#completedCount++;
    if (elements.status !== dimseStatus.success) this.#failedCount++;
    this.#environment.counters.operationCompleted(request.command.commandField, elements.status);
    this.#sendResponse(request, elements, dataSet, () => {
      this.#outstandingCount--;
      this.#resume('operations');
      this.#releaseWhenIdle();
      if (this.#isDraining && this.#isIdle) this.abort();
    });
  }

  #sendResponse(
    { command, context, messageId }: DimseRequest,
    elements: ResponseElements,
    dataSet: Uint8Array | undefined,
    onSent: () => void = () => undefined,
  ): void {
    const { affectedSopClassUid, affectedSopInstanceUid } = command;
    const response = {
      commandField: command.commandField | responseBit,
      messageIdBeingRespondedTo: messageId,
      commandDataSetType: dataSet === undefined ? noDataSet : withDataSet,
      ...(affectedSopClassUid !== undefined && { affectedSopClassUid }),
      ...(affectedSopInstanceUid !== undefined && { affectedSopInstanceUid }),
      ...elements,
    };
    this.#idleTimer?.refresh();
    if ((this.#invoker?.activeCount ?? 0) > 0) {
      // A data set of ours may be under way, and messages do not interleave.
      void this.#invoker?.send(context.contextId, response, dataSet).then(onSent, onSent);
    } else {
      this.#write(context.contextId, response, dataSet);
      onSent();
    }
  }

  #write(contextId: number, command: CommandSet, dataSet: Uint8Array | undefined): void {
    if (!this.#association.canSendData) return;
    this.#messageWriter?.writeCommand(contextId, command);
    if (dataSet !== undefined) this.#messageWriter?.writeDataSet(contextId, true, dataSet);
  }

  /** Answers a release only when every response is out (PS3.8 §7.2). */
  #releaseWhenIdle(): void {
    if (!this.#isReleaseRequested || this.#outstandingCount > 0) return;
    this.#isReleaseRequested = false;
    this.#association.respondRelease();
    this.#end('released');
  }

  // ---- back-pressure ----

  #whenWritable(): Promise<void> | undefined {
    if (!this.#isEstablished || !this.#pauseReasons.has('output')) return undefined;
    return new Promise((resolve) => {
      this.#writers.push(resolve);
    });
  }

  #releaseWriters(): void {
    for (const resolve of this.#writers.splice(0)) resolve();
  }

  #pause(reason: PauseReason): void {
    this.#pauseReasons.add(reason);
    this.#connection.pause();
  }

  #resume(reason: PauseReason): void {
    if (this.#pauseReasons.delete(reason) && this.#pauseReasons.size === 0) {
      this.#connection.resume();
    }
  }
}
