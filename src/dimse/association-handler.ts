import { GantryError, toGantryError } from '#engine/base/error-catalogue.js';
import type { Logger } from '#engine/base/logger.js';
import { commandField, noDataSet, responseBit } from '#engine/dimse/command-set.js';
import { dimseStatus } from '#engine/dimse/dimse-status.js';
import { MessageReader } from '#engine/dimse/message-reader.js';
import type { ReceivedCommand } from '#engine/dimse/message-reader.js';
import { MessageWriter } from '#engine/dimse/message-writer.js';
import type { TcpConnection, TcpReceiver } from '#engine/transport/tcp-listener.js';
import { Association } from '#engine/upper-layer/association.js';
import type { AbortCause, AssociationEffects } from '#engine/upper-layer/association.js';
import { negotiate } from '#engine/upper-layer/negotiation.js';
import type { AcceptancePolicy, PresentationContext } from '#engine/upper-layer/negotiation.js';
import type { AssociateReject, AssociateRequest } from '#engine/upper-layer/pdu-types.js';
import type {
  DataSetReceiver,
  DimseRequest,
  ResponseElements,
  ServiceAssociation,
  ServiceProvider,
  ServiceProviderFactory,
} from './service-provider.js';

/** How an association that was accepted came to its end. */
export type AssociationEnd = 'released' | 'aborted-by-peer' | 'aborted-by-us' | 'connection-lost';

/** Counters for metrics; every method is called once per occurrence. */
export interface DimseCounters {
  associationAccepted(): void;
  associationRejected(reject: AssociateReject): void;
  associationEnded(end: AssociationEnd): void;
  operationCompleted(commandField: number, status: number): void;
}

/** What all associations of a service share. */
export interface AssociationEnvironment {
  readonly policy: AcceptancePolicy;
  readonly services: readonly ServiceProviderFactory[];
  readonly logger: Logger;
  readonly counters: DimseCounters;
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
  readonly #contexts = new Map<number, PresentationContext>();
  readonly #providers = new Map<number, ServiceProvider>();

  #isEstablished = false;
  #isDraining = false;
  #isReleaseRequested = false;
  /** Requests that were received whole and have no response yet. */
  #outstandingCount = 0;
  #dataSetReceiver: DataSetReceiver | undefined;
  readonly #pauseReasons = new Set<PauseReason>();
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
    this.#association = new Association('acceptor', this.#createEffects());
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
    this.#end('aborted-by-us', {});
    if (this.#association.state !== 'Sta13') this.#connection.close();
  }

  onData(chunk: Buffer): void {
    this.#idleTimer?.refresh();
    this.#association.receive(chunk);
  }

  onDrain(): void {
    this.#resume('output');
  }

  onClose(): void {
    this.#association.transportClosed();
    clearTimeout(this.#artimTimer);
    this.#end('connection-lost', {});
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
        this.#negotiate(request);
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

  #negotiate(request: AssociateRequest): void {
    const { policy, logger, counters } = this.#environment;
    const negotiation = negotiate(request, policy);
    const { remoteAddress } = this.#connection;
    const { associationId } = this;
    if (!negotiation.isAccepted) {
      const { reject } = negotiation;
      counters.associationRejected(reject);
      logger.warn({ associationId, remoteAddress, ...reject }, 'association rejected');
      return this.#association.reject(reject);
    }
    this.#isEstablished = true;
    this.#callingAeTitle = request.callingAeTitle;
    for (const context of negotiation.presentationContexts) {
      this.#contexts.set(context.contextId, context);
    }
    this.#messageWriter = new MessageWriter(request.userInformation.maximumLengthBytes, (bytes) => {
      this.#association.sendData(bytes);
    });
    this.#openProviders();
    this.#startIdleTimer();
    this.#association.accept(negotiation.accept, negotiation.presentationContexts);
    counters.associationAccepted();
    logger.info(
      {
        associationId,
        remoteAddress,
        callingAeTitle: request.callingAeTitle,
        calledAeTitle: request.calledAeTitle,
        contextsProposed: request.presentationContexts.length,
        contextsAccepted: negotiation.presentationContexts.length,
      },
      'association accepted',
    );
  }

  #openProviders(): void {
    const association: ServiceAssociation = {
      associationId: this.associationId,
      callingAeTitle: this.#callingAeTitle,
      respond: (request, elements) => {
        this.#respond(request, elements);
      },
      pauseReceiving: () => {
        this.#pause('store');
      },
      resumeReceiving: () => {
        this.#resume('store');
      },
    };
    for (const createProvider of this.#environment.services) {
      const provider = createProvider(association);
      this.#providers.set(provider.commandField, provider);
    }
  }

  #startIdleTimer(): void {
    this.#idleTimer = setTimeout(() => {
      if (this.#outstandingCount > 0 || this.#pauseReasons.size > 0) {
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
      const { remoteAddress } = this.#connection;
      this.#environment.logger.warn(
        { associationId, remoteAddress, ...cause },
        'connection without association ended',
      );
    }
    this.#end(end, cause);
  }

  /** Lets go of everything that belongs to the association; the connection may stay until the peer closes it. */
  #end(end: AssociationEnd, cause: object): void {
    if (!this.#isEstablished) return;
    this.#isEstablished = false;
    clearTimeout(this.#idleTimer);
    this.#dataSetReceiver = undefined;
    for (const provider of this.#providers.values()) provider.close();
    this.#environment.counters.associationEnded(end);
    const fields = {
      associationId: this.associationId,
      callingAeTitle: this.#callingAeTitle,
      end,
      operationsCompleted: this.#completedCount,
      operationsFailed: this.#failedCount,
      durationMs: Date.now() - this.#startedAtMs,
      ...cause,
    };
    const { logger } = this.#environment;
    if (end === 'released') logger.info(fields, 'association ended');
    else logger.warn(fields, 'association ended');
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
      this.#end('aborted-by-us', {});
    }
  }

  #beginRequest(contextId: number, command: ReceivedCommand, hasDataSet: boolean): void {
    const context = this.#contexts.get(contextId);
    // A C-CANCEL may always come too late (PS3.7 §9.3.2.3); there is nothing to answer.
    if (context === undefined || command.commandField === commandField.cCancelRequest) return;
    if ((command.commandField & responseBit) !== 0) {
      throw new GantryError('malformed', 'response without a request');
    }
    if (command.messageId === undefined) {
      throw new GantryError('malformed', 'command set: MessageID (0000,0110) is missing');
    }
    const request = { context, command, messageId: command.messageId, hasDataSet };
    if (!hasDataSet) this.#outstandingCount++;
    const provider = this.#providers.get(command.commandField);
    this.#dataSetReceiver =
      provider === undefined ? this.#refuseOperation(request) : provider.begin(request);
    if (!hasDataSet) this.#limitOutstanding();
  }

  #refuseOperation(request: DimseRequest): DataSetReceiver | undefined {
    const answer = (): void => {
      this.#respond(request, { status: dimseStatus.unrecognizedOperation });
    };
    if (request.hasDataSet) return { write: () => undefined, end: answer };
    answer();
    return undefined;
  }

  #endDataSet(): void {
    const receiver = this.#dataSetReceiver;
    this.#dataSetReceiver = undefined;
    if (receiver === undefined) return;
    this.#outstandingCount++;
    receiver.end();
    this.#limitOutstanding();
  }

  #limitOutstanding(): void {
    if (this.#outstandingCount >= this.#environment.policy.operationsInvokedMax) {
      this.#pause('operations');
    }
  }

  #respond(request: DimseRequest, elements: ResponseElements): void {
    this.#outstandingCount--;
    this.#completedCount++;
    if (elements.status !== dimseStatus.success) this.#failedCount++;
    const { command, context, messageId } = request;
    this.#environment.counters.operationCompleted(command.commandField, elements.status);
    if (!this.#association.canSendData) return;
    this.#idleTimer?.refresh();
    this.#messageWriter?.writeCommand(context.contextId, {
      commandField: command.commandField | responseBit,
      messageIdBeingRespondedTo: messageId,
      commandDataSetType: noDataSet,
      ...(command.affectedSopClassUid !== undefined && {
        affectedSopClassUid: command.affectedSopClassUid,
      }),
      ...(command.affectedSopInstanceUid !== undefined && {
        affectedSopInstanceUid: command.affectedSopInstanceUid,
      }),
      ...elements,
    });
    this.#resume('operations');
    this.#releaseWhenIdle();
    if (this.#isDraining && this.#isIdle) this.abort();
  }

  /** Answers a release only when every response is out (PS3.8 §7.2). */
  #releaseWhenIdle(): void {
    if (!this.#isReleaseRequested || this.#outstandingCount > 0) return;
    this.#isReleaseRequested = false;
    this.#association.respondRelease();
    this.#end('released', {});
  }

  // ---- back-pressure ----

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
