import { GantryError } from '#engine/base/error-catalogue.js';
import { trimUid } from '#engine/base/uid.js';
import { trimAeTitle } from '#engine/upper-layer/ae-title.js';

/**
 * Command elements of group 0000 that messages use (PS3.7 Annex E.1), in ascending order. Elements of the retired messages
 * (Annex E.2) are ignored when they are received.
 */
const commandElements = [
  { element: 0x0002, keyword: 'affectedSopClassUid', vr: 'UI' },
  { element: 0x0003, keyword: 'requestedSopClassUid', vr: 'UI' },
  { element: 0x0100, keyword: 'commandField', vr: 'US' },
  { element: 0x0110, keyword: 'messageId', vr: 'US' },
  { element: 0x0120, keyword: 'messageIdBeingRespondedTo', vr: 'US' },
  { element: 0x0600, keyword: 'moveDestination', vr: 'AE' },
  { element: 0x0700, keyword: 'priority', vr: 'US' },
  { element: 0x0800, keyword: 'commandDataSetType', vr: 'US' },
  { element: 0x0900, keyword: 'status', vr: 'US' },
  { element: 0x0901, keyword: 'offendingElement', vr: 'AT' },
  { element: 0x0902, keyword: 'errorComment', vr: 'LO' },
  { element: 0x0903, keyword: 'errorId', vr: 'US' },
  { element: 0x1000, keyword: 'affectedSopInstanceUid', vr: 'UI' },
  { element: 0x1001, keyword: 'requestedSopInstanceUid', vr: 'UI' },
  { element: 0x1002, keyword: 'eventTypeId', vr: 'US' },
  { element: 0x1005, keyword: 'attributeIdentifierList', vr: 'AT' },
  { element: 0x1008, keyword: 'actionTypeId', vr: 'US' },
  { element: 0x1020, keyword: 'numberOfRemainingSuboperations', vr: 'US' },
  { element: 0x1021, keyword: 'numberOfCompletedSuboperations', vr: 'US' },
  { element: 0x1022, keyword: 'numberOfFailedSuboperations', vr: 'US' },
  { element: 0x1023, keyword: 'numberOfWarningSuboperations', vr: 'US' },
  { element: 0x1030, keyword: 'moveOriginatorApplicationEntityTitle', vr: 'AE' },
  { element: 0x1031, keyword: 'moveOriginatorMessageId', vr: 'US' },
] as const;

type CommandElement = (typeof commandElements)[number];

/** US is a number, AT a list of tags as 32-bit numbers, the rest text without padding. */
type CommandValue<Vr extends CommandElement['vr']> = Vr extends 'US'
  ? number
  : Vr extends 'AT'
    ? readonly number[]
    : string;

/** The command set of a DIMSE message (PS3.7 §6.3), by keyword; the group length is left to the encoder. */
export type CommandSet = {
  readonly [E in CommandElement as E['keyword']]?: CommandValue<E['vr']>;
};

/** Values of Command Field (0000,0100), PS3.7 §E.1. */
export const commandField = {
  cStoreRequest: 0x0001,
  cStoreResponse: 0x8001,
  cGetRequest: 0x0010,
  cFindRequest: 0x0020,
  cMoveRequest: 0x0021,
  cEchoRequest: 0x0030,
  cEchoResponse: 0x8030,
  nEventReportRequest: 0x0100,
  nActionRequest: 0x0130,
  cCancelRequest: 0x0fff,
} as const;

/** The bit that makes a Command Field one of a response. */
export const responseBit = 0x8000;

/** Value of Command Data Set Type (0000,0800) that says that no data set follows; any other says that one does. */
export const noDataSet = 0x0101;

/** The value that we send to say that a data set follows. */
export const withDataSet = 0x0000;

const elementHeaderBytes = 8;
const elementsByNumber = new Map<number, CommandElement>(
  commandElements.map((entry) => [entry.element, entry]),
);

/** Decodes a command set, always implicit VR little endian (PS3.7 §6.3.1). Throws `malformed`. */
export function decodeCommandSet(bytes: Buffer): CommandSet {
  const command: Record<string, string | number | readonly number[]> = {};
  let position = 0;
  while (position < bytes.length) {
    if (bytes.length - position < elementHeaderBytes) throw malformed('cut short');
    const group = bytes.readUInt16LE(position);
    if (group !== 0) throw malformed(`element of group ${group.toString(16).padStart(4, '0')}`);
    const entry = elementsByNumber.get(bytes.readUInt16LE(position + 2));
    const start = position + elementHeaderBytes;
    const end = start + bytes.readUInt32LE(position + 4);
    if (end > bytes.length) throw malformed('an element is longer than the command set');
    if (entry !== undefined && end > start) {
      command[entry.keyword] = decodeValue(entry, bytes.subarray(start, end));
    }
    position = end;
  }
  return command;
}

function decodeValue(entry: CommandElement, value: Buffer): string | number | readonly number[] {
  switch (entry.vr) {
    case 'US':
      if (value.length !== 2) throw malformed(`${entry.keyword} has ${value.length} bytes`);
      return value.readUInt16LE(0);
    case 'AT':
      if (value.length % 4 !== 0) throw malformed(`${entry.keyword} has ${value.length} bytes`);
      return decodeTags(value);
    case 'UI':
      return trimUid(value.toString('latin1'));
    case 'AE':
      return trimAeTitle(value.toString('latin1'));
    case 'LO':
      return value.toString('latin1').trim();
  }
}

function decodeTags(value: Buffer): number[] {
  const tags: number[] = [];
  for (let i = 0; i < value.length; i += 4) {
    tags.push(value.readUInt16LE(i) * 0x10000 + value.readUInt16LE(i + 2));
  }
  return tags;
}

function malformed(what: string): GantryError {
  return new GantryError('malformed', `command set: ${what}`);
}

/** Bytes of Command Group Length (0000,0000) with its header. */
const groupLengthBytes = elementHeaderBytes + 4;

/** Encodes a command set with its group length. Text must be of the default repertoire. */
export function encodeCommandSet(command: CommandSet): Buffer {
  let length = groupLengthBytes;
  for (const { keyword } of commandElements) {
    const value = command[keyword];
    if (value !== undefined) length += elementHeaderBytes + evenLength(value);
  }
  const bytes = Buffer.alloc(length);
  bytes.writeUInt32LE(4, 4);
  bytes.writeUInt32LE(length - groupLengthBytes, elementHeaderBytes);
  let position = groupLengthBytes;
  for (const { element, keyword, vr } of commandElements) {
    const value = command[keyword];
    if (value === undefined) continue;
    const valueLength = evenLength(value);
    bytes.writeUInt16LE(element, position + 2);
    bytes.writeUInt32LE(valueLength, position + 4);
    position += elementHeaderBytes;
    writeValue(bytes.subarray(position, position + valueLength), vr, value);
    position += valueLength;
  }
  return bytes;
}

function evenLength(value: string | number | readonly number[]): number {
  if (typeof value === 'number') return 2;
  return typeof value === 'string' ? value.length + (value.length & 1) : value.length * 4;
}

function writeValue(
  target: Buffer,
  vr: CommandElement['vr'],
  value: string | number | readonly number[],
): void {
  if (typeof value === 'number') {
    target.writeUInt16LE(value, 0);
  } else if (typeof value === 'string') {
    target.write(value, 'latin1');
    // Even length (PS3.5 §7.1.1): text is padded with a space, UI with the NUL that is there.
    if (vr !== 'UI' && value.length < target.length) target[value.length] = 0x20;
  } else {
    value.forEach((tag, index) => {
      target.writeUInt16LE(tag >>> 16, index * 4);
      target.writeUInt16LE(tag & 0xffff, index * 4 + 2);
    });
  }
}
