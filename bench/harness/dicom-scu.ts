import { connect, type Socket } from 'node:net';

import type { CorpusInstance } from '../corpus/corpus.js';
import {
  associateRequest,
  cStoreCommand,
  readAssociateAccept,
  readCommandShort,
  readCommandStatus,
} from './dimse-bytes.js';
import { type Query, queryCommand, queryIdentifier, sopClassOf } from './query-command.js';

/** Where to send. */
export interface DicomScuOptions {
  readonly port: number;
  readonly calledAeTitle: string;
  readonly callingAeTitle: string;
  readonly sopClassUids: readonly string[];
  /** Longest P-DATA-TF this client makes, if the acceptor allows it (PS3.8 §D.1). */
  readonly pduLengthMaxBytes: number;
}

/** What came of a C-FIND or C-MOVE. */
export interface QueryAnswer {
  readonly status: number;
  /** Identifiers of pending responses. */
  readonly matchCount: number;
  /** Number of Completed Sub-operations of the last response. */
  readonly completedCount: number;
}

const PDU_TYPE_ACCEPT = 0x02;
const PDU_TYPE_DATA = 0x04;
const PDU_TYPE_RELEASE_RESPONSE = 0x06;
const PDU_HEADER_BYTES = 6;
const PDV_HEADER_BYTES = 6;
const RELEASE_REQUEST = Buffer.from([0x05, 0, 0, 0, 0, 4, 0, 0, 0, 0]);
const FLAG_COMMAND_LAST = 0x03;
const FLAG_DATA = 0x00;
const FLAG_DATA_LAST = 0x02;
const STATUS_PENDING = 0xff00;
const STATUS_PENDING_MASK = 0xff00;
const TAG_DATA_SET_TYPE = 0x0800;
const TAG_COMPLETED = 0x1021;
const NO_DATA_SET = 0x0101;
const RESPONSE_TIMEOUT_MS = 120_000;

/** An SCU for load: one association, one operation at a time, data sets sliced into PDUs without being copied. */
export class DicomScu {
  readonly #socket: Socket;
  readonly #options: DicomScuOptions;
  #received: Buffer = Buffer.alloc(0);
  #waiting: { resolve(pdu: Buffer): void; reject(error: Error): void } | undefined;
  #failure: Error | undefined;
  #contextIds = new Map<string, number>();
  #pduLengthMaxBytes = 0;
  #messageId = 0;

  /** Connects; `associate` makes one that can be used. */
  constructor(options: DicomScuOptions) {
    this.#options = options;
    this.#socket = connect({ host: '127.0.0.1', port: options.port, noDelay: true });
    this.#socket.setTimeout(RESPONSE_TIMEOUT_MS, () =>
      this.#socket.destroy(new Error('DIMSE response timeout')),
    );
    this.#socket.on('data', (bytes: Buffer) => this.#push(bytes));
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('association closed by the peer')));
  }

  /**
   * Opens an association with one presentation context per SOP class, Explicit VR Little Endian.
   *
   * @throws Error when it is rejected, aborted or a context is refused
   */
  static async associate(options: DicomScuOptions): Promise<DicomScu> {
    const scu = new DicomScu(options);
    scu.#socket.write(associateRequest(options));
    const pdu = await scu.#nextPdu();
    if (pdu[0] !== PDU_TYPE_ACCEPT) throw new Error(`association refused: PDU type ${pdu[0]}`);
    const accepted = readAssociateAccept(pdu);
    options.sopClassUids.forEach((uid, index) => {
      const contextId = 2 * index + 1;
      if (!accepted.contextIds.has(contextId)) throw new Error(`context refused for ${uid}`);
      scu.#contextIds.set(uid, contextId);
    });
    const theirMaxBytes = accepted.pduLengthMaxBytes || options.pduLengthMaxBytes;
    scu.#pduLengthMaxBytes = Math.min(options.pduLengthMaxBytes, theirMaxBytes);
    return scu;
  }

  /**
   * Stores one instance (PS3.7 §9.1.1) and waits for the response.
   *
   * @returns the DIMSE status, 0 for success
   */
  async store(instance: CorpusInstance): Promise<number> {
    const contextId = this.#contextIds.get(instance.sopClassUid);
    if (contextId === undefined) throw new Error('SOP class was not negotiated');
    this.#messageId = (this.#messageId % 0xffff) + 1;
    const command = cStoreCommand(instance, this.#messageId);
    const dataSet = [instance.header.subarray(instance.dataSetOffset), instance.pixelData];
    this.#socket.cork();
    this.#socket.write(pdvHeader(command.length, contextId, FLAG_COMMAND_LAST));
    this.#socket.write(command);
    this.#writeDataSet(dataSet, contextId);
    this.#socket.uncork();
    const pdu = await this.#nextPdu();
    if (pdu[0] !== PDU_TYPE_DATA) throw new Error(`C-STORE answered with PDU type ${pdu[0]}`);
    return readCommandStatus(pdu.subarray(PDU_HEADER_BYTES + PDV_HEADER_BYTES));
  }

  /** Finds or moves (PS3.7 §9.1.2, §9.1.4) and waits for the last response. */
  async query(query: Query): Promise<QueryAnswer> {
    const contextId = this.#contextIds.get(sopClassOf(query));
    if (contextId === undefined) throw new Error('SOP class was not negotiated');
    this.#messageId = (this.#messageId % 0xffff) + 1;
    const command = queryCommand(query, this.#messageId);
    this.#socket.cork();
    this.#socket.write(pdvHeader(command.length, contextId, FLAG_COMMAND_LAST));
    this.#socket.write(command);
    this.#writeDataSet([queryIdentifier(query)], contextId);
    this.#socket.uncork();
    for (let matchCount = 0; ;) {
      const { response, hasDataSet } = await this.#nextResponse();
      const status = readCommandStatus(response);
      if ((status & STATUS_PENDING_MASK) !== STATUS_PENDING) {
        const completedCount = readCommandShort(response, TAG_COMPLETED) ?? 0;
        return { status, matchCount, completedCount };
      }
      if (hasDataSet) matchCount++;
    }
  }

  /** Releases the association (PS3.8 §7.2). */
  async release(): Promise<void> {
    if (this.#failure === undefined) {
      this.#socket.write(RELEASE_REQUEST);
      const pdu = await this.#nextPdu();
      if (pdu[0] !== PDU_TYPE_RELEASE_RESPONSE) throw new Error('release was not answered');
    }
    this.#socket.destroy();
  }

  #writeDataSet(pieces: readonly Buffer[], contextId: number): void {
    const fragmentBytesMax = this.#pduLengthMaxBytes - PDV_HEADER_BYTES;
    let remaining = pieces.reduce((sum, piece) => sum + piece.length, 0);
    let room = 0;
    for (const piece of pieces) {
      let offset = 0;
      while (offset < piece.length) {
        if (room === 0) {
          room = Math.min(fragmentBytesMax, remaining);
          const flags = room === remaining ? FLAG_DATA_LAST : FLAG_DATA;
          this.#socket.write(pdvHeader(room, contextId, flags));
        }
        const slice = piece.subarray(offset, offset + room);
        this.#socket.write(slice);
        offset += slice.length;
        room -= slice.length;
        remaining -= slice.length;
      }
    }
  }

  /** The command set of the next response; its data set is read and dropped. */
  async #nextResponse(): Promise<{ response: Buffer; hasDataSet: boolean }> {
    let response: Buffer | undefined;
    for (;;) {
      const pdu = await this.#nextPdu();
      if (pdu[0] !== PDU_TYPE_DATA) throw new Error(`answered with PDU type ${pdu[0]}`);
      for (const { flags, fragment } of pdvsOf(pdu)) {
        if (flags === FLAG_COMMAND_LAST) {
          response = fragment;
          const dataSetType = readCommandShort(response, TAG_DATA_SET_TYPE);
          if (dataSetType === NO_DATA_SET) return { response, hasDataSet: false };
        } else if (flags === FLAG_DATA_LAST && response !== undefined) {
          return { response, hasDataSet: true };
        }
      }
    }
  }

  #nextPdu(): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) reject(this.#failure);
      else {
        this.#waiting = { resolve, reject };
        this.#deliver();
      }
    });
  }

  #push(bytes: Buffer): void {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    this.#deliver();
  }

  #deliver(): void {
    if (this.#waiting === undefined || this.#received.length < PDU_HEADER_BYTES) return;
    const end = PDU_HEADER_BYTES + this.#received.readUInt32BE(2);
    if (this.#received.length < end) return;
    const pdu = this.#received.subarray(0, end);
    this.#received = this.#received.subarray(end);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting.resolve(pdu);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#waiting?.reject(this.#failure);
    this.#waiting = undefined;
  }
}

/** The PDVs of a P-DATA-TF PDU. */
function* pdvsOf(pdu: Buffer): Generator<{ flags: number; fragment: Buffer }> {
  let offset = PDU_HEADER_BYTES;
  while (offset + PDV_HEADER_BYTES <= pdu.length) {
    const end = offset + 4 + pdu.readUInt32BE(offset);
    yield { flags: pdu[offset + 5] ?? 0, fragment: pdu.subarray(offset + PDV_HEADER_BYTES, end) };
    offset = end;
  }
}

/** Header of a P-DATA-TF PDU that holds one PDV (PS3.8 §9.3.5). */
function pdvHeader(fragmentBytes: number, contextId: number, flags: number): Buffer {
  const header = Buffer.alloc(PDU_HEADER_BYTES + PDV_HEADER_BYTES);
  header[0] = PDU_TYPE_DATA;
  header.writeUInt32BE(fragmentBytes + PDV_HEADER_BYTES, 2);
  header.writeUInt32BE(fragmentBytes + 2, 6);
  header[10] = contextId;
  header[11] = flags;
  return header;
}
