import { PduReader } from '#engine/upper-layer/pdu-reader.js';
import type { PduReceiver } from '#engine/upper-layer/pdu-reader.js';

/** What a reader reported; fragments of one PDV are joined, so that it does not depend on how the bytes were split. */
export type PduEvent =
  | { readonly kind: 'pdu'; readonly name: string; readonly value: unknown }
  | {
      readonly kind: 'fragment';
      readonly contextId: number;
      readonly isCommand: boolean;
      isLast: boolean;
      bytes: Buffer;
    };

/** Reads `chunks` and returns what was reported. */
export function recordPdus(chunks: Iterable<Buffer>): PduEvent[] {
  const events: PduEvent[] = [];
  const note = (name: string, value: unknown = null): void => {
    events.push({ kind: 'pdu', name, value });
  };
  const receiver: PduReceiver = {
    onAssociateRequest: (request) => {
      note('associate-request', request);
    },
    onAssociateAccept: (accept) => {
      note('associate-accept', accept);
    },
    onAssociateReject: (reject) => {
      note('associate-reject', reject);
    },
    onDataTransfer: () => {
      note('data-transfer');
    },
    onPdvFragment: (contextId, isCommand, isLast, bytes) => {
      const last = events.at(-1);
      if (last?.kind === 'fragment' && !last.isLast && last.contextId === contextId) {
        last.bytes = Buffer.concat([last.bytes, bytes]);
        last.isLast = isLast;
      } else {
        const copy = Buffer.from(bytes);
        events.push({ kind: 'fragment', contextId, isCommand, isLast, bytes: copy });
      }
    },
    onReleaseRequest: () => {
      note('release-request');
    },
    onReleaseResponse: () => {
      note('release-response');
    },
    onAbort: (abort) => {
      note('abort', abort);
    },
    onInvalidPdu: (error) => {
      note('invalid', { reason: error.reason, message: error.message });
    },
  };
  const reader = new PduReader(receiver);
  for (const chunk of chunks) reader.push(chunk);
  return events;
}

/** A P-DATA-TF with the given PDVs. */
export function dataTransferPdu(
  pdvs: readonly { readonly contextId: number; readonly control: number; readonly bytes: Buffer }[],
): Buffer {
  const items = pdvs.map(({ contextId, control, bytes }) => {
    const header = Buffer.alloc(6);
    header.writeUInt32BE(bytes.length + 2, 0);
    header.writeUInt8(contextId, 4);
    header.writeUInt8(control, 5);
    return Buffer.concat([header, bytes]);
  });
  const body = Buffer.concat(items);
  const header = Buffer.alloc(6);
  header.writeUInt8(4, 0);
  header.writeUInt32BE(body.length, 2);
  return Buffer.concat([header, body]);
}
