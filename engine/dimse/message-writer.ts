import { pdvHeaderBytes } from '#engine/upper-layer/pdu-types.js';
import {
  dataTransferHeaderBytes,
  writeDataTransferHeader,
} from '#engine/upper-layer/pdu-writer.js';
import { encodeCommandSet } from './command-set.js';
import type { CommandSet } from './command-set.js';

/** Longest variable field we send to a peer that sets no limit, or a higher one. */
const ownMaximumLengthBytes = 128 * 1024;

/** Shortest limit we honour to the letter; a smaller one would leave no room for data. */
const smallestMaximumLengthBytes = pdvHeaderBytes + 2;

/** Fragments up to this length are copied behind their headers: one small write costs less than a gathered one. */
const joinedFragmentBytesMax = 1024;

/**
 * Cuts DIMSE messages into P-DATA-TF PDUs of one PDV each that keep within the peer's maximum length (PS3.8 §D.1). `send` gets
 * headers and views of the caller's bytes, which are not copied unless they are few.
 */
export class MessageWriter {
  readonly #send: (bytes: Uint8Array) => void;
  readonly #fragmentBytesMax: number;

  /** `peerMaximumLengthBytes` is what the peer asked for; 0 is unlimited. */
  constructor(peerMaximumLengthBytes: number, send: (bytes: Uint8Array) => void) {
    const own = ownMaximumLengthBytes;
    const agreed = peerMaximumLengthBytes === 0 ? own : Math.min(own, peerMaximumLengthBytes);
    // Even, because the fragments of a data set are (PS3.8 §E.1).
    this.#fragmentBytesMax = (Math.max(agreed, smallestMaximumLengthBytes) - pdvHeaderBytes) & ~1;
    this.#send = send;
  }

  /** Bytes that one PDU carries: data sets given in multiples of it make no small PDUs in between. */
  get fragmentBytesMax(): number {
    return this.#fragmentBytesMax;
  }

  /** Sends a command set; the data set, if it announces one, is to follow. */
  writeCommand(contextId: number, command: CommandSet): void {
    this.#write(contextId, true, true, encodeCommandSet(command));
  }

  /** Sends the next bytes of a data set. */
  writeDataSet(contextId: number, isLast: boolean, bytes: Uint8Array): void {
    this.#write(contextId, false, isLast, bytes);
  }

  #write(contextId: number, isCommand: boolean, isEnd: boolean, bytes: Uint8Array): void {
    let position = 0;
    do {
      const end = Math.min(bytes.length, position + this.#fragmentBytesMax);
      const length = end - position;
      const isJoined = length <= joinedFragmentBytesMax;
      const head = Buffer.allocUnsafe(dataTransferHeaderBytes + (isJoined ? length : 0));
      const isLast = isEnd && end === bytes.length;
      writeDataTransferHeader(head, 0, { contextId, isCommand, isLast, length });
      if (isJoined) head.set(bytes.subarray(position, end), dataTransferHeaderBytes);
      this.#send(head);
      if (!isJoined) this.#send(bytes.subarray(position, end));
      position = end;
    } while (position < bytes.length);
  }
}
