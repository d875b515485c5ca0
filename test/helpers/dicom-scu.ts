import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { assert } from '#engine/base/assert.js';
import { commandField, encodeCommandSet, noDataSet } from '#engine/dimse/command-set.js';
import type { CommandSet } from '#engine/dimse/command-set.js';
import { MessageReader } from '#engine/dimse/message-reader.js';
import { MessageWriter } from '#engine/dimse/message-writer.js';
import { Association } from '#engine/upper-layer/association.js';
import type { AbortCause } from '#engine/upper-layer/association.js';
import { agreedContexts } from '#engine/upper-layer/negotiation.js';
import type { PresentationContext } from '#engine/upper-layer/negotiation.js';
import { dicomApplicationContextUid, pdvHeaderBytes } from '#engine/upper-layer/pdu-types.js';
import type {
  AssociateAccept,
  AssociateReject,
  AssociateRequest,
} from '#engine/upper-layer/pdu-types.js';
import {
  dataTransferHeaderBytes,
  encodeTitleFields,
  protocolVersion,
  writeDataTransferHeader,
} from '#engine/upper-layer/pdu-writer.js';

/** What to propose, to whom. */
export interface ScuOptions {
  readonly host: string;
  readonly port: number;
  readonly calledAeTitle?: string;
  readonly callingAeTitle?: string;
  readonly contexts: readonly {
    readonly abstractSyntaxUid: string;
    readonly transferSyntaxUids: readonly string[];
  }[];
  /** Upper bound for the P-DATA-TF PDUs sent, below what the acceptor takes. */
  readonly pduBytesMax?: number;
  /** Proposes an asynchronous operations window; 0 is unlimited. */
  readonly operationsInvokedMax?: number;
}

export interface ScuResponse {
  readonly status: number;
  readonly command: CommandSet;
  /** From the first byte sent to the response. */
  readonly latencyMs: number;
}

/** The acceptor said no, or the association ended. */
export class ScuError extends Error {
  readonly reject: AssociateReject | undefined;
  readonly abort: AbortCause | undefined;

  constructor(message: string, reject?: AssociateReject, abort?: AbortCause) {
    super(message);
    this.name = 'ScuError';
    this.reject = reject;
    this.abort = abort;
  }
}

interface Pending {
  readonly resolve: (response: ScuResponse) => void;
  readonly reject: (error: ScuError) => void;
  readonly startedAt: number;
}

/** Longest P-DATA-TF variable field sent when neither side sets a limit. */
const defaultPduBytesMax = 128 * 1024;

/** A DICOM SCU for tests and load: C-ECHO and C-STORE on one association. */
export class DicomScu {
  readonly #socket: Socket;
  readonly #association: Association;
  readonly #request: AssociateRequest;
  readonly #pduBytesMax: number;
  readonly #pending = new Map<number, Pending>();
  readonly #closed: Promise<void>;
  #contexts: readonly PresentationContext[] = [];
  #accept: AssociateAccept | undefined;
  #lastMessageId = 0;
  #abort: AbortCause | undefined;
  #onConfirmed: ((answer: AssociateAccept | AssociateReject | undefined) => void) | undefined;

  /** Connects and associates. Rejects with `ScuError`. */
  static async associate(options: ScuOptions): Promise<DicomScu> {
    const scu = new DicomScu(options);
    const answer = await new Promise<AssociateAccept | AssociateReject | undefined>((resolve) => {
      scu.#onConfirmed = resolve;
    });
    if (answer === undefined) throw new ScuError('no association', undefined, scu.#abort);
    if ('result' in answer) throw new ScuError('association rejected', answer);
    scu.#accept = answer;
    scu.#contexts = agreedContexts(scu.#request.presentationContexts, answer.presentationContexts);
    return scu;
  }

  private constructor(options: ScuOptions) {
    this.#request = createRequest(options);
    this.#pduBytesMax = options.pduBytesMax ?? defaultPduBytesMax;
    const messages = new MessageReader({
      onCommand: (_contextId, command) => {
        this.#settle(command);
      },
      onDataSetFragment: () => undefined,
      onDataSetEnd: () => undefined,
    });
    this.#association = new Association('requestor', {
      send: (bytes) => this.#socket.write(bytes),
      close: () => this.#socket.end(),
      startArtim: () => undefined,
      stopArtim: () => undefined,
      associateRequested: () => undefined,
      associateConfirmed: (answer) => this.#onConfirmed?.(answer),
      dataReceived: (contextId, isCommand, isLast, bytes) => {
        messages.push(contextId, isCommand, isLast, bytes);
      },
      releaseRequested: () => {
        this.#association.respondRelease();
      },
      releaseConfirmed: () => undefined,
      aborted: (cause) => {
        this.#abort = cause;
      },
    });
    this.#association.requestAssociation(this.#request);
    this.#socket = connect({ host: options.host, port: options.port, noDelay: true });
    this.#closed = this.#watchSocket();
  }

  #watchSocket(): Promise<void> {
    this.#socket.on('connect', () => {
      this.#association.transportOpened();
    });
    this.#socket.on('data', (chunk: Buffer) => {
      this.#association.receive(chunk);
    });
    this.#socket.on('error', () => undefined);
    return new Promise((resolve) => {
      this.#socket.once('close', () => {
        this.#association.transportClosed();
        this.#onConfirmed?.(undefined);
        const error = new ScuError('association ended', undefined, this.#abort);
        for (const pending of this.#pending.values()) pending.reject(error);
        this.#pending.clear();
        resolve();
      });
    });
  }

  /** Contexts that the acceptor took. */
  get contexts(): readonly PresentationContext[] {
    return this.#contexts;
  }

  get accept(): AssociateAccept {
    assert(this.#accept !== undefined, 'associated');
    return this.#accept;
  }

  /** Why the association was aborted by the other side, if it was. */
  get abortCause(): AbortCause | undefined {
    return this.#abort;
  }

  /** The context agreed for a class (and transfer syntax, if several are). */
  contextFor(abstractSyntaxUid: string, transferSyntaxUid?: string): PresentationContext {
    const context = this.#contexts.find(
      (candidate) =>
        candidate.abstractSyntaxUid === abstractSyntaxUid &&
        (transferSyntaxUid === undefined || candidate.transferSyntaxUid === transferSyntaxUid),
    );
    if (context === undefined) throw new ScuError(`no context for ${abstractSyntaxUid}`);
    return context;
  }

  echo(): Promise<ScuResponse> {
    const context = this.contextFor('1.2.840.10008.1.1');
    return this.request(context.contextId, {
      affectedSopClassUid: context.abstractSyntaxUid,
      commandField: commandField.cEchoRequest,
      commandDataSetType: noDataSet,
    });
  }

  /** Sends a request without a data set. */
  request(contextId: number, command: CommandSet): Promise<ScuResponse> {
    const messageId = this.#nextMessageId();
    const response = this.#expect(messageId);
    this.#createWriter().writeCommand(contextId, { ...command, messageId });
    return response;
  }

  /** Bytes of the P-DATA-TF PDUs that carry one C-STORE, to be sent many times. */
  prepareStore(instance: StoreInstance): PreparedStore {
    const context = this.contextFor(instance.sopClassUid, instance.transferSyntaxUid);
    return new PreparedStore(instance, context.contextId, this.#fragmentBytesMax);
  }

  /** Sends a prepared C-STORE in one write. Do not send or patch it again before its response. */
  store(prepared: PreparedStore): Promise<ScuResponse> {
    const messageId = this.#nextMessageId();
    prepared.setMessageId(messageId);
    const response = this.#expect(messageId);
    this.#association.sendData(prepared.bytes);
    return response;
  }

  /** Sends a C-STORE whose data set is produced while it is sent, in bounded memory. */
  async storeStream(
    instance: Omit<StoreInstance, 'dataSet'>,
    dataSet: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): Promise<ScuResponse> {
    const { contextId } = this.contextFor(instance.sopClassUid, instance.transferSyntaxUid);
    const messageId = this.#nextMessageId();
    const response = this.#expect(messageId);
    // The rejection is reported to the caller below; without this it would count as unhandled meanwhile.
    response.catch(() => undefined);
    const writer = this.#createWriter();
    writer.writeCommand(contextId, { ...storeCommand(instance), messageId });
    for await (const chunk of dataSet) {
      if (!this.#association.canSendData) break;
      writer.writeDataSet(contextId, false, chunk);
      if (this.#socket.writableNeedDrain) await this.#drained();
    }
    writer.writeDataSet(contextId, true, new Uint8Array(0));
    return response;
  }

  /** Sends bytes as they are, whatever the protocol says. */
  sendRaw(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Releases; resolves when the connection is closed. */
  release(): Promise<void> {
    this.#association.requestRelease();
    return this.#closed;
  }

  /** Sends an A-ABORT and closes. */
  abort(): Promise<void> {
    this.#association.abort();
    this.#socket.end();
    return this.#closed;
  }

  /** Closes the connection without a word. */
  destroy(): Promise<void> {
    this.#socket.destroy();
    return this.#closed;
  }

  /** Resolves when the connection is closed, whoever closed it. */
  get closed(): Promise<void> {
    return this.#closed;
  }

  get #fragmentBytesMax(): number {
    const peer = this.accept.userInformation.maximumLengthBytes;
    const agreed = peer === 0 ? this.#pduBytesMax : Math.min(peer, this.#pduBytesMax);
    return (agreed - pdvHeaderBytes) & ~1;
  }

  #createWriter(): MessageWriter {
    return new MessageWriter(this.#fragmentBytesMax + pdvHeaderBytes, (bytes) => {
      this.#association.sendData(bytes);
    });
  }

  #nextMessageId(): number {
    this.#lastMessageId = (this.#lastMessageId % 0xffff) + 1;
    return this.#lastMessageId;
  }

  #expect(messageId: number): Promise<ScuResponse> {
    return new Promise((resolve, reject) => {
      if (!this.#association.canSendData) {
        reject(new ScuError('association ended', undefined, this.#abort));
        return;
      }
      this.#pending.set(messageId, { resolve, reject, startedAt: performance.now() });
    });
  }

  #settle(command: CommandSet): void {
    const messageId = command.messageIdBeingRespondedTo ?? 0;
    const pending = this.#pending.get(messageId);
    if (pending === undefined) return;
    this.#pending.delete(messageId);
    const latencyMs = performance.now() - pending.startedAt;
    pending.resolve({ status: command.status ?? -1, command, latencyMs });
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#socket.off('drain', done);
        this.#socket.off('close', done);
        resolve();
      };
      this.#socket.on('drain', done);
      this.#socket.on('close', done);
    });
  }
}

function createRequest(options: ScuOptions): AssociateRequest {
  const calledAeTitle = options.calledAeTitle ?? 'GANTRY';
  const callingAeTitle = options.callingAeTitle ?? 'TESTSCU';
  return {
    protocolVersion,
    calledAeTitle,
    callingAeTitle,
    titleFields: encodeTitleFields(calledAeTitle, callingAeTitle),
    applicationContextUid: dicomApplicationContextUid,
    presentationContexts: options.contexts.map((context, index) => ({
      contextId: index * 2 + 1,
      ...context,
    })),
    userInformation: {
      maximumLengthBytes: defaultPduBytesMax,
      implementationClassUid: '2.25.1',
      implementationVersionName: 'TESTSCU',
      roleSelections: [],
      extendedNegotiations: [],
      commonExtendedNegotiations: [],
      ...(options.operationsInvokedMax !== undefined && {
        asynchronousOperationsWindow: {
          operationsInvokedMax: options.operationsInvokedMax,
          operationsPerformedMax: 1,
        },
      }),
    },
  };
}

/** An instance to store; `dataSet` is without File Meta Information. */
export interface StoreInstance {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly transferSyntaxUid: string;
  readonly dataSet: Uint8Array;
}

function storeCommand(instance: Omit<StoreInstance, 'dataSet'>): CommandSet {
  return {
    affectedSopClassUid: instance.sopClassUid,
    commandField: commandField.cStoreRequest,
    messageId: 0,
    priority: 0,
    commandDataSetType: 0,
    affectedSopInstanceUid: instance.sopInstanceUid,
  };
}

/** Tag (0000,0110) in little endian, in front of the message id's value. */
const messageIdTag = Buffer.from([0x00, 0x00, 0x10, 0x01, 0x02, 0x00, 0x00, 0x00]);

/**
 * The PDUs of one C-STORE in one buffer: building them once keeps the sender off the measurement. UIDs can be replaced in place
 * by others of the same length.
 */
export class PreparedStore {
  readonly bytes: Buffer;
  readonly #messageIdOffset: number;
  readonly #sopInstanceUidOffset: number;
  readonly #sopInstanceUidLength: number;
  readonly #dataSetOffset: number;
  readonly #fragmentBytesMax: number;

  constructor(instance: StoreInstance, contextId: number, fragmentBytesMax: number) {
    const command = encodeCommandSet(storeCommand(instance));
    const { dataSet } = instance;
    const fragmentCount = Math.max(1, Math.ceil(dataSet.length / fragmentBytesMax));
    this.#dataSetOffset = dataTransferHeaderBytes + command.length;
    this.#fragmentBytesMax = fragmentBytesMax;
    this.bytes = Buffer.alloc(
      this.#dataSetOffset + fragmentCount * dataTransferHeaderBytes + dataSet.length,
    );
    const { length } = command;
    writeDataTransferHeader(this.bytes, 0, { contextId, isCommand: true, isLast: true, length });
    command.copy(this.bytes, dataTransferHeaderBytes);
    let target = this.#dataSetOffset;
    for (let index = 0; index < fragmentCount; index++) {
      const start = index * fragmentBytesMax;
      const fragment = dataSet.subarray(start, start + fragmentBytesMax);
      const isLast = index === fragmentCount - 1;
      const pdv = { contextId, isCommand: false, isLast, length: fragment.length };
      writeDataTransferHeader(this.bytes, target, pdv);
      this.bytes.set(fragment, target + dataTransferHeaderBytes);
      target += dataTransferHeaderBytes + fragment.length;
    }
    this.#messageIdOffset = this.bytes.indexOf(messageIdTag) + messageIdTag.length;
    this.#sopInstanceUidOffset = this.bytes.indexOf(instance.sopInstanceUid, 0, 'latin1');
    this.#sopInstanceUidLength = instance.sopInstanceUid.length;
  }

  setMessageId(messageId: number): void {
    this.bytes.writeUInt16LE(messageId, this.#messageIdOffset);
  }

  /** Replaces the UID of the command; the one in the data set is `patchDataSet`'s. */
  setSopInstanceUid(sopInstanceUid: string): void {
    assert(sopInstanceUid.length === this.#sopInstanceUidLength, 'UIDs have the same length');
    this.bytes.write(sopInstanceUid, this.#sopInstanceUidOffset, 'latin1');
  }

  /** Overwrites bytes of the data set at `position`, wherever the fragments put them. */
  patchDataSet(position: number, bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length; i++) {
      const headers = Math.floor((position + i) / this.#fragmentBytesMax) + 1;
      const offset = this.#dataSetOffset + headers * dataTransferHeaderBytes + position + i;
      this.bytes[offset] = bytes[i] as number;
    }
  }
}
