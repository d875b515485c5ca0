import { limits } from '#engine/base/limits.js';
import { decodeAssociateAccept, decodeAssociateRequest } from './associate-decoder.js';
import { ByteAccumulator } from './byte-accumulator.js';
import {
  abortReason,
  InvalidPduError,
  pduHeaderBytes,
  pduType,
  pdvControl,
  pdvHeaderBytes,
} from './pdu-types.js';
import type { Abort, AssociateAccept, AssociateReject, AssociateRequest } from './pdu-types.js';

/** What a `PduReader` reports, in the order of the bytes. */
export interface PduReceiver {
  onAssociateRequest(request: AssociateRequest): void;
  onAssociateAccept(accept: AssociateAccept): void;
  onAssociateReject(reject: AssociateReject): void;
  /** The header of a P-DATA-TF has been read; its fragments follow. */
  onDataTransfer(): void;
  /**
   * Bytes of a PDV as far as they have arrived: a view, valid until the call returns. `isLast` is true with the final bytes of
   * a PDV that is marked as the last of its message part. May throw `InvalidPduError` to refuse the PDV.
   */
  onPdvFragment(contextId: number, isCommand: boolean, isLast: boolean, bytes: Uint8Array): void;
  onReleaseRequest(): void;
  onReleaseResponse(): void;
  onAbort(abort: Abort): void;
  /** The stream makes no sense any more; nothing is reported after this. */
  onInvalidPdu(error: InvalidPduError): void;
}

/** Body length of A-ASSOCIATE-RJ, A-RELEASE-RQ, A-RELEASE-RP and A-ABORT. */
const shortPduBodyBytes = 4;

/**
 * Splits a byte stream into PDUs (PS3.8 §9.3). Association PDUs are gathered whole, after their length was checked; P-DATA-TF
 * is handed on as it arrives, so its length costs no memory and may exceed the maximum that was negotiated. A type outside
 * 01–07 is refused at its first byte.
 */
export class PduReader {
  readonly #receiver: PduReceiver;
  readonly #dataPduBytesMax: number;
  #isStopped = false;

  /** Header of the current PDU or PDV, gathered when it straddles chunks. */
  readonly #header = Buffer.alloc(Math.max(pduHeaderBytes, pdvHeaderBytes));
  #headerLength = 0;

  #type = 0;
  /** Bytes of the current PDU that have not been read. */
  #pduRemaining = 0;
  readonly #body = new ByteAccumulator();

  #isInPdv = false;
  #pdvRemaining = 0;
  #contextId = 0;
  #control = 0;

  /** `dataPduBytesMax` bounds what a P-DATA-TF may declare. */
  constructor(receiver: PduReceiver, dataPduBytesMax: number = limits.pDataPduBytesMax) {
    this.#receiver = receiver;
    this.#dataPduBytesMax = dataPduBytesMax;
  }

  /** Ignores everything from here on. */
  stop(): void {
    this.#isStopped = true;
  }

  push(chunk: Buffer): void {
    try {
      let position = 0;
      while (position < chunk.length && !this.#isStopped) {
        position =
          this.#type === 0 ? this.#readHeader(chunk, position) : this.#readBody(chunk, position);
      }
    } catch (error) {
      if (!(error instanceof InvalidPduError)) throw error;
      this.#isStopped = true;
      this.#receiver.onInvalidPdu(error);
    }
  }

  #readHeader(chunk: Buffer, start: number): number {
    if (this.#headerLength === 0) requireKnownType(chunk[start] as number);
    const position = this.#fillHeader(chunk, start, pduHeaderBytes);
    if (this.#headerLength < pduHeaderBytes) return position;
    this.#headerLength = 0;
    const type = this.#header[0] as number;
    this.#pduRemaining = this.#header.readUInt32BE(2);
    this.#requireFittingLength(type, this.#pduRemaining);
    this.#type = type;
    if (type === pduType.dataTransfer) this.#receiver.onDataTransfer();
    return position;
  }

  #requireFittingLength(type: number, length: number): void {
    let isFitting: boolean;
    if (type === pduType.dataTransfer) {
      isFitting = length >= pdvHeaderBytes && length <= this.#dataPduBytesMax;
    } else if (type === pduType.associateRequest || type === pduType.associateAccept) {
      isFitting = length > 0 && length <= limits.associatePduBytesMax;
    } else {
      isFitting = length === shortPduBodyBytes;
    }
    if (!isFitting) {
      throw new InvalidPduError(
        abortReason.invalidParameterValue,
        `PDU type ${type} of ${length} bytes`,
      );
    }
  }

  #readBody(chunk: Buffer, start: number): number {
    if (this.#type === pduType.dataTransfer) return this.#readDataTransfer(chunk, start);
    const end = Math.min(chunk.length, start + this.#pduRemaining);
    const bytes = chunk.subarray(start, end);
    this.#pduRemaining -= bytes.length;
    // A copy even when it is whole: what is decoded refers to it for longer than the chunk is valid.
    this.#body.append(bytes);
    if (this.#pduRemaining > 0) return end;
    const type = this.#type;
    this.#type = 0;
    this.#report(type, this.#body.take());
    return end;
  }

  #report(type: number, body: Buffer): void {
    switch (type) {
      case pduType.associateRequest:
        return this.#receiver.onAssociateRequest(decodeAssociateRequest(body));
      case pduType.associateAccept:
        return this.#receiver.onAssociateAccept(decodeAssociateAccept(body));
      case pduType.associateReject:
        return this.#receiver.onAssociateReject({
          result: body.readUInt8(1),
          source: body.readUInt8(2),
          reason: body.readUInt8(3),
        });
      case pduType.releaseRequest:
        return this.#receiver.onReleaseRequest();
      case pduType.releaseResponse:
        return this.#receiver.onReleaseResponse();
      case pduType.abort:
        return this.#receiver.onAbort({ source: body.readUInt8(2), reason: body.readUInt8(3) });
    }
  }

  #readDataTransfer(chunk: Buffer, start: number): number {
    let position = start;
    if (!this.#isInPdv) {
      position = this.#fillHeader(chunk, start, pdvHeaderBytes);
      if (this.#headerLength < pdvHeaderBytes) return position;
      this.#startPdv();
      // Without this an empty PDV at the end of a chunk would wait for bytes that are not its own.
      if (position === chunk.length && this.#pdvRemaining > 0) return position;
    }
    const end = Math.min(chunk.length, position + this.#pdvRemaining);
    this.#pdvRemaining -= end - position;
    this.#pduRemaining -= end - position;
    const isPdvRead = this.#pdvRemaining === 0;
    if (isPdvRead) this.#isInPdv = false;
    if (this.#pduRemaining === 0) this.#type = 0;
    this.#receiver.onPdvFragment(
      this.#contextId,
      (this.#control & pdvControl.command) !== 0,
      isPdvRead && (this.#control & pdvControl.last) !== 0,
      chunk.subarray(position, end),
    );
    return end;
  }

  #startPdv(): void {
    this.#headerLength = 0;
    // The length counts the context id and the message control header (PS3.8 §9.3.5.1).
    const length = this.#header.readUInt32BE(0);
    this.#pduRemaining -= pdvHeaderBytes;
    if (length < 2 || length - 2 > this.#pduRemaining) {
      throw new InvalidPduError(abortReason.invalidParameterValue, 'PDV does not fit into its PDU');
    }
    const rest = this.#pduRemaining - (length - 2);
    if (rest > 0 && rest < pdvHeaderBytes) {
      throw new InvalidPduError(abortReason.invalidParameterValue, 'bytes left over after a PDV');
    }
    this.#isInPdv = true;
    this.#pdvRemaining = length - 2;
    this.#contextId = this.#header[4] as number;
    this.#control = this.#header[5] as number;
  }

  #fillHeader(chunk: Buffer, start: number, length: number): number {
    const end = Math.min(chunk.length, start + length - this.#headerLength);
    chunk.copy(this.#header, this.#headerLength, start, end);
    this.#headerLength += end - start;
    return end;
  }
}

function requireKnownType(type: number): void {
  if (type < pduType.associateRequest || type > pduType.abort) {
    throw new InvalidPduError(abortReason.unrecognizedPdu, `PDU type ${type} is unknown`);
  }
}
