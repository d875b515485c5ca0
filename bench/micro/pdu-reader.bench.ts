import { PduReader, type PduReceiver } from '#engine/upper-layer/pdu-reader.js';
import type { MicroBench } from './micro-bench.js';

const DATA_BYTES = 512 * 1024;
/** About what a socket delivers at once. */
const CHUNK_BYTES = 64 * 1024;
const PDU_HEADER_BYTES = 6;
const PDV_HEADER_BYTES = 6;

/** A data set of 512 KiB as P-DATA-TF PDUs of one PDV each (PS3.8 §9.3.5), cut into chunks. */
function makeChunks(pduBytes: number): readonly Buffer[] {
  const pdus: Buffer[] = [];
  for (let at = 0; at < DATA_BYTES; at += pduBytes) {
    const length = Math.min(pduBytes, DATA_BYTES - at);
    const pdu = Buffer.alloc(PDU_HEADER_BYTES + PDV_HEADER_BYTES + length);
    pdu[0] = 4;
    pdu.writeUInt32BE(PDV_HEADER_BYTES + length, 2);
    pdu.writeUInt32BE(length + 2, PDU_HEADER_BYTES);
    pdu[PDU_HEADER_BYTES + 4] = 1;
    pdu[PDU_HEADER_BYTES + 5] = at + length === DATA_BYTES ? 2 : 0;
    pdus.push(pdu);
  }
  const stream = Buffer.concat(pdus);
  const chunks: Buffer[] = [];
  for (let at = 0; at < stream.length; at += CHUNK_BYTES) {
    chunks.push(stream.subarray(at, at + CHUNK_BYTES));
  }
  return chunks;
}

function readBench(pduBytes: number): MicroBench {
  const chunks = makeChunks(pduBytes);
  return {
    name: `PDU reader: 512 KiB in PDUs of ${pduBytes / 1024} KiB`,
    bytesPerCall: DATA_BYTES,
    run: () => {
      let dataBytes = 0;
      const unexpected = (): never => {
        throw new Error('the stream holds nothing but P-DATA-TF');
      };
      const receiver: PduReceiver = {
        onAssociateRequest: unexpected,
        onAssociateAccept: unexpected,
        onAssociateReject: unexpected,
        onDataTransfer: () => undefined,
        onPdvFragment: (_contextId, _isCommand, _isLast, bytes) => (dataBytes += bytes.length),
        onReleaseRequest: unexpected,
        onReleaseResponse: unexpected,
        onAbort: unexpected,
        onInvalidPdu: (error) => {
          throw error;
        },
      };
      const reader = new PduReader(receiver);
      for (const chunk of chunks) reader.push(chunk);
      if (dataBytes !== DATA_BYTES) throw new Error(`read ${dataBytes} bytes`);
      return dataBytes;
    },
  };
}

/** What main spends on the upper layer of one C-STORE. */
export const microBenches: readonly MicroBench[] = [16 * 1024, 128 * 1024].map(readBench);
