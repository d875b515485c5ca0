import { aeTitleFieldBytes } from './ae-title.js';
import { item, text } from './item-writer.js';
import { itemType, pduHeaderBytes, pduType, pdvControl, pdvHeaderBytes } from './pdu-types.js';
import type {
  Abort,
  AssociateAccept,
  AssociateReject,
  AssociateRequest,
  PresentationContextAnswer,
  ProposedPresentationContext,
} from './pdu-types.js';
import { encodeUserInformation } from './user-information.js';

/** Protocol version 1, PS3.8 §9.3.2: bit 0. */
export const protocolVersion = 0x0001;

const titleFieldsBytes = 64;

/** The title fields of an A-ASSOCIATE-RQ: called, calling, 32 reserved bytes. */
export function encodeTitleFields(calledAeTitle: string, callingAeTitle: string): Uint8Array {
  const fields = Buffer.alloc(titleFieldsBytes);
  fields.write(calledAeTitle.padEnd(aeTitleFieldBytes), 0, aeTitleFieldBytes, 'latin1');
  fields.write(
    callingAeTitle.padEnd(aeTitleFieldBytes),
    aeTitleFieldBytes,
    aeTitleFieldBytes,
    'latin1',
  );
  return fields;
}

/** A-ASSOCIATE-RQ, PS3.8 §9.3.2. The AE titles are taken from `titleFields`. */
export function encodeAssociateRequest(request: AssociateRequest): Buffer {
  return encodeAssociate(
    pduType.associateRequest,
    request,
    request.presentationContexts.map(encodeProposedContext),
  );
}

/** A-ASSOCIATE-AC, PS3.8 §9.3.3. */
export function encodeAssociateAccept(accept: AssociateAccept): Buffer {
  return encodeAssociate(
    pduType.associateAccept,
    accept,
    accept.presentationContexts.map(encodeContextAnswer),
  );
}

function encodeAssociate(
  type: number,
  pdu: Pick<AssociateAccept, 'titleFields' | 'applicationContextUid' | 'userInformation'>,
  contexts: readonly Buffer[],
): Buffer {
  const fixed = Buffer.alloc(4 + titleFieldsBytes);
  fixed.writeUInt16BE(protocolVersion, 0);
  fixed.set(pdu.titleFields.subarray(0, titleFieldsBytes), 4);
  return encodePdu(
    type,
    Buffer.concat([
      fixed,
      item(itemType.applicationContext, text(pdu.applicationContextUid)),
      ...contexts,
      item(itemType.userInformation, encodeUserInformation(pdu.userInformation)),
    ]),
  );
}

function encodeProposedContext(context: ProposedPresentationContext): Buffer {
  return item(
    itemType.presentationContextRequest,
    Buffer.concat([
      Buffer.from([context.contextId, 0, 0, 0]),
      item(itemType.abstractSyntax, text(context.abstractSyntaxUid)),
      ...context.transferSyntaxUids.map((uid) => item(itemType.transferSyntax, text(uid))),
    ]),
  );
}

function encodeContextAnswer(answer: PresentationContextAnswer): Buffer {
  return item(
    itemType.presentationContextAccept,
    Buffer.concat([
      Buffer.from([answer.contextId, 0, answer.result, 0]),
      item(itemType.transferSyntax, text(answer.transferSyntaxUid)),
    ]),
  );
}

/** A-ASSOCIATE-RJ, PS3.8 §9.3.4. */
export function encodeAssociateReject(reject: AssociateReject): Buffer {
  return encodePdu(
    pduType.associateReject,
    Buffer.from([0, reject.result, reject.source, reject.reason]),
  );
}

/** A-RELEASE-RQ, PS3.8 §9.3.6. */
export function encodeReleaseRequest(): Buffer {
  return encodePdu(pduType.releaseRequest, Buffer.alloc(4));
}

/** A-RELEASE-RP, PS3.8 §9.3.7. */
export function encodeReleaseResponse(): Buffer {
  return encodePdu(pduType.releaseResponse, Buffer.alloc(4));
}

/** A-ABORT, PS3.8 §9.3.8. */
export function encodeAbort(abort: Abort): Buffer {
  return encodePdu(pduType.abort, Buffer.from([0, 0, abort.source, abort.reason]));
}

function encodePdu(type: number, body: Buffer): Buffer {
  const header = Buffer.alloc(pduHeaderBytes);
  header.writeUInt8(type, 0);
  header.writeUInt32BE(body.length, 2);
  return Buffer.concat([header, body]);
}

/** Bytes that `writeDataTransferHeader` writes. */
export const dataTransferHeaderBytes = pduHeaderBytes + pdvHeaderBytes;

/** What the headers of a P-DATA-TF with a single PDV say. */
export interface PdvDescription {
  readonly contextId: number;
  readonly isCommand: boolean;
  readonly isLast: boolean;
  /** Bytes of the message fragment that follow the headers. */
  readonly length: number;
}

/** Writes the headers of a P-DATA-TF that holds one PDV (PS3.8 §9.3.5) at `offset`; the fragment follows them. */
export function writeDataTransferHeader(target: Buffer, offset: number, pdv: PdvDescription): void {
  target.writeUInt8(pduType.dataTransfer, offset);
  target.writeUInt8(0, offset + 1);
  target.writeUInt32BE(pdv.length + pdvHeaderBytes, offset + 2);
  target.writeUInt32BE(pdv.length + 2, offset + 6);
  target.writeUInt8(pdv.contextId, offset + 10);
  target.writeUInt8(
    (pdv.isCommand ? pdvControl.command : 0) | (pdv.isLast ? pdvControl.last : 0),
    offset + 11,
  );
}
