import { ElementWriter } from '../corpus/element-writer.js';
import { commandSet, commandShort, commandText } from './dimse-bytes.js';

/** Study Root Query/Retrieve Information Model (PS3.4 Annex C.6.2): FIND and MOVE. */
export const STUDY_ROOT_FIND = '1.2.840.10008.5.1.4.1.2.2.1';
export const STUDY_ROOT_MOVE = '1.2.840.10008.5.1.4.1.2.2.2';

/** Keys of an identifier at STUDY level: tag, VR and value, in ascending order of tags. */
export type IdentifierKeys = readonly (readonly [tag: number, vr: string, value: string])[];

/** What is asked for. */
export interface Query {
  readonly keys: IdentifierKeys;
  /** Makes it a C-MOVE to that AE title instead of a C-FIND. */
  readonly moveDestination?: string;
}

const C_FIND_REQUEST = 0x0020;
const C_MOVE_REQUEST = 0x0021;
const DATA_SET_PRESENT = 0x0001;
const QUERY_RETRIEVE_LEVEL = 0x00080052;

/** The class on whose presentation context a query goes. */
export function sopClassOf({ moveDestination }: Query): string {
  return moveDestination === undefined ? STUDY_ROOT_FIND : STUDY_ROOT_MOVE;
}

/** The command set of a C-FIND-RQ or C-MOVE-RQ (PS3.7 §9.3.2.1, §9.3.4.1). */
export function queryCommand(query: Query, messageId: number): Buffer {
  const { moveDestination } = query;
  return commandSet([
    commandText(0x0002, sopClassOf(query)),
    commandShort(0x0100, moveDestination === undefined ? C_FIND_REQUEST : C_MOVE_REQUEST),
    commandShort(0x0110, messageId),
    ...(moveDestination === undefined ? [] : [commandText(0x0600, moveDestination)]),
    commandShort(0x0700, 0),
    commandShort(0x0800, DATA_SET_PRESENT),
  ]);
}

/** The identifier of a query, Explicit VR Little Endian. */
export function queryIdentifier({ keys }: Query): Buffer {
  const writer = new ElementWriter();
  const level = [QUERY_RETRIEVE_LEVEL, 'CS', 'STUDY'] as const;
  for (const [tag, vr, value] of [...keys, level].sort(([a], [b]) => a - b)) {
    writer.element(tag, vr, value);
  }
  return writer.finish().bytes;
}
