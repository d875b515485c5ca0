/** What {@link associateRequest} needs to know. */
interface AssociateParameters {
  readonly calledAeTitle: string;
  readonly callingAeTitle: string;
  readonly sopClassUids: readonly string[];
  readonly pduLengthMaxBytes: number;
}

/** What matters of an A-ASSOCIATE-AC. */
export interface AssociateAccept {
  readonly contextIds: ReadonlySet<number>;
  /** 0 means no limit (PS3.8 §D.1). */
  readonly pduLengthMaxBytes: number;
}

const APPLICATION_CONTEXT = '1.2.840.10008.3.1.1.1';
const EXPLICIT_VR_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
const IMPLEMENTATION_CLASS_UID = '2.25.100000000000000000000000000000000001';
const ASSOCIATE_FIXED_BYTES = 74;
const ITEM_HEADER_BYTES = 4;
const ITEM_CONTEXT_RESULT = 0x21;
const ITEM_USER_INFORMATION = 0x50;
const ITEM_MAXIMUM_LENGTH = 0x51;
const TAG_STATUS = 0x0900;
const C_STORE_REQUEST = 0x0001;
const DATA_SET_PRESENT = 0x0001;

/** An A-ASSOCIATE-RQ PDU (PS3.8 §9.3.2); presentation context n of the list has the identifier 2n + 1. */
export function associateRequest(parameters: AssociateParameters): Buffer {
  const contexts = parameters.sopClassUids.map((uid, index) =>
    item(0x20, [
      Buffer.from([2 * index + 1, 0, 0, 0]),
      textItem(0x30, uid),
      textItem(0x40, EXPLICIT_VR_LITTLE_ENDIAN),
    ]),
  );
  const maximumLength = Buffer.alloc(4);
  maximumLength.writeUInt32BE(parameters.pduLengthMaxBytes);
  const body = Buffer.concat([
    Buffer.from([0, 1, 0, 0]),
    Buffer.from(parameters.calledAeTitle.padEnd(16), 'latin1'),
    Buffer.from(parameters.callingAeTitle.padEnd(16), 'latin1'),
    Buffer.alloc(32),
    textItem(0x10, APPLICATION_CONTEXT),
    ...contexts,
    item(ITEM_USER_INFORMATION, [
      item(ITEM_MAXIMUM_LENGTH, [maximumLength]),
      textItem(0x52, IMPLEMENTATION_CLASS_UID),
    ]),
  ]);
  const header = Buffer.alloc(6);
  header[0] = 0x01;
  header.writeUInt32BE(body.length, 2);
  return Buffer.concat([header, body]);
}

/** Reads which contexts were accepted and the acceptor's maximum length from an A-ASSOCIATE-AC PDU (PS3.8 §9.3.3). */
export function readAssociateAccept(pdu: Buffer): AssociateAccept {
  const contextIds = new Set<number>();
  let pduLengthMaxBytes = 0;
  let offset = ASSOCIATE_FIXED_BYTES;
  while (offset + ITEM_HEADER_BYTES <= pdu.length) {
    const type = pdu[offset];
    const lengthBytes = pdu.readUInt16BE(offset + 2);
    const value = offset + ITEM_HEADER_BYTES;
    if (type === ITEM_CONTEXT_RESULT && pdu[value + 2] === 0) contextIds.add(pdu[value] as number);
    if (type === ITEM_MAXIMUM_LENGTH) pduLengthMaxBytes = pdu.readUInt32BE(value);
    // User information is entered rather than skipped: its sub-items have the same form.
    offset = value + (type === ITEM_USER_INFORMATION ? 0 : lengthBytes);
  }
  return { contextIds, pduLengthMaxBytes };
}

/** The command set of a C-STORE-RQ, Implicit VR Little Endian (PS3.7 §9.3.1.1). */
export function cStoreCommand(
  instance: { readonly sopClassUid: string; readonly sopInstanceUid: string },
  messageId: number,
): Buffer {
  return commandSet([
    commandText(0x0002, instance.sopClassUid),
    commandShort(0x0100, C_STORE_REQUEST),
    commandShort(0x0110, messageId),
    commandShort(0x0700, 0),
    commandShort(0x0800, DATA_SET_PRESENT),
    commandText(0x1000, instance.sopInstanceUid),
  ]);
}

/** Elements of a command set behind their group length (PS3.7 §6.3). */
export function commandSet(elements: readonly Buffer[]): Buffer {
  const groupLength = Buffer.alloc(4);
  groupLength.writeUInt32LE(elements.reduce((sum, element) => sum + element.length, 0));
  return Buffer.concat([commandElement(0x0000, groupLength), ...elements]);
}

/**
 * The Status element of a command set.
 *
 * @throws Error when it has none
 */
export function readCommandStatus(command: Buffer): number {
  const status = readCommandShort(command, TAG_STATUS);
  if (status === undefined) throw new Error('response without status');
  return status;
}

/** The value of an element of VR US of a command set; undefined when it has none. */
export function readCommandShort(command: Buffer, element: number): number | undefined {
  let offset = 0;
  while (offset + 8 <= command.length) {
    const lengthBytes = command.readUInt32LE(offset + 4);
    if (command.readUInt16LE(offset + 2) === element) return command.readUInt16LE(offset + 8);
    offset += 8 + lengthBytes;
  }
  return undefined;
}

function item(type: number, values: readonly Buffer[]): Buffer {
  const value = Buffer.concat(values);
  const header = Buffer.from([type, 0, value.length >>> 8, value.length & 0xff]);
  return Buffer.concat([header, value]);
}

function textItem(type: number, text: string): Buffer {
  return item(type, [Buffer.from(text, 'latin1')]);
}

function commandElement(element: number, value: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16LE(element, 2);
  header.writeUInt32LE(value.length, 4);
  return Buffer.concat([header, value]);
}

/** A command element of VR US. */
export function commandShort(element: number, value: number): Buffer {
  return commandElement(element, Buffer.from([value & 0xff, value >>> 8]));
}

/** A command element of VR UI or AE. */
export function commandText(element: number, text: string): Buffer {
  return commandElement(element, Buffer.from(text.length % 2 === 0 ? text : `${text}\0`, 'latin1'));
}
