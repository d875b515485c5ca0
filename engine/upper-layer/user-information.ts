import { ItemReader, tooShort, uidOf } from './item-reader.js';
import { counted, item, text } from './item-writer.js';
import { abortReason, InvalidPduError } from './pdu-types.js';

/** Types of the user information sub-items, PS3.7 §D.3.3 and PS3.8 §D.1. */
const userItemType = {
  maximumLength: 0x51,
  implementationClassUid: 0x52,
  asynchronousOperationsWindow: 0x53,
  roleSelection: 0x54,
  implementationVersionName: 0x55,
  extendedNegotiation: 0x56,
  commonExtendedNegotiation: 0x57,
  userIdentityRequest: 0x58,
  userIdentityResponse: 0x59,
} as const;

/** User information of an A-ASSOCIATE-RQ or -AC. */
export interface UserInformation {
  /** Longest P-DATA-TF variable field the sender takes; 0 is unlimited (PS3.8 §D.1). */
  readonly maximumLengthBytes: number;
  readonly implementationClassUid: string;
  readonly implementationVersionName?: string;
  readonly asynchronousOperationsWindow?: AsynchronousOperationsWindow;
  readonly roleSelections: readonly RoleSelection[];
  readonly extendedNegotiations: readonly ExtendedNegotiation[];
  readonly commonExtendedNegotiations: readonly CommonExtendedNegotiation[];
  readonly userIdentity?: UserIdentity;
  /** Present in an A-ASSOCIATE-AC when the requestor asked for it: the server response, empty but for Kerberos, SAML, JWT. */
  readonly userIdentityResponse?: Uint8Array;
}

/** Outstanding operations that each side may have; 0 is unlimited (PS3.7 §D.3.3.3). */
export interface AsynchronousOperationsWindow {
  readonly operationsInvokedMax: number;
  readonly operationsPerformedMax: number;
}

/** PS3.7 §D.3.3.4. */
export interface RoleSelection {
  readonly sopClassUid: string;
  readonly isScu: boolean;
  readonly isScp: boolean;
}

/** PS3.7 §D.3.3.5; the meaning of the bytes is the service class's. */
export interface ExtendedNegotiation {
  readonly sopClassUid: string;
  readonly information: Uint8Array;
}

/** PS3.7 §D.3.3.6. */
export interface CommonExtendedNegotiation {
  readonly sopClassUid: string;
  readonly serviceClassUid: string;
  readonly relatedSopClassUids: readonly string[];
}

/** PS3.7 §D.3.3.7. `type`: 1 user name, 2 user name and passcode, 3 Kerberos, 4 SAML, 5 JWT. */
export interface UserIdentity {
  readonly type: number;
  readonly isPositiveResponseRequested: boolean;
  readonly primaryField: Uint8Array;
  readonly secondaryField: Uint8Array;
}

type Draft = { -readonly [K in keyof UserInformation]?: UserInformation[K] } & {
  roleSelections: RoleSelection[];
  extendedNegotiations: ExtendedNegotiation[];
  commonExtendedNegotiations: CommonExtendedNegotiation[];
};

/**
 * Decodes the value of a user information item. Unknown sub-items are ignored (PS3.7 §D.3.3); an implementation class UID that
 * is missing is tolerated. Throws `InvalidPduError`.
 */
export function decodeUserInformation(bytes: Buffer): UserInformation {
  const draft: Draft = {
    roleSelections: [],
    extendedNegotiations: [],
    commonExtendedNegotiations: [],
  };
  const items = new ItemReader(bytes);
  for (let item = items.next(); item !== undefined; item = items.next()) {
    decodeUserItem(draft, item.type, item.value);
  }
  if (draft.maximumLengthBytes === undefined) {
    throw new InvalidPduError(abortReason.invalidParameterValue, 'maximum length is missing');
  }
  return {
    ...draft,
    maximumLengthBytes: draft.maximumLengthBytes,
    implementationClassUid: draft.implementationClassUid ?? '',
  };
}

function decodeUserItem(draft: Draft, type: number, value: Buffer): void {
  switch (type) {
    case userItemType.maximumLength:
      requireFirst(draft.maximumLengthBytes, type);
      requireLength(value, 4, type);
      draft.maximumLengthBytes = value.readUInt32BE(0);
      break;
    case userItemType.implementationClassUid:
      requireFirst(draft.implementationClassUid, type);
      draft.implementationClassUid = uidOf(value);
      break;
    case userItemType.asynchronousOperationsWindow:
      requireFirst(draft.asynchronousOperationsWindow, type);
      requireLength(value, 4, type);
      draft.asynchronousOperationsWindow = {
        operationsInvokedMax: value.readUInt16BE(0),
        operationsPerformedMax: value.readUInt16BE(2),
      };
      break;
    case userItemType.roleSelection:
      draft.roleSelections.push(decodeRoleSelection(value));
      break;
    case userItemType.implementationVersionName:
      requireFirst(draft.implementationVersionName, type);
      draft.implementationVersionName = value.toString('latin1');
      break;
    case userItemType.extendedNegotiation: {
      const fields = new FieldReader(value);
      const sopClassUid = uidOf(fields.counted());
      draft.extendedNegotiations.push({ sopClassUid, information: fields.rest() });
      break;
    }
    case userItemType.commonExtendedNegotiation:
      draft.commonExtendedNegotiations.push(decodeCommonExtendedNegotiation(value));
      break;
    case userItemType.userIdentityRequest:
      requireFirst(draft.userIdentity, type);
      draft.userIdentity = decodeUserIdentity(value);
      break;
    case userItemType.userIdentityResponse:
      requireFirst(draft.userIdentityResponse, type);
      draft.userIdentityResponse = new FieldReader(value).counted();
      break;
  }
}

function decodeRoleSelection(value: Buffer): RoleSelection {
  const fields = new FieldReader(value);
  const sopClassUid = uidOf(fields.counted());
  const roles = fields.rest();
  requireLength(roles, 2, userItemType.roleSelection);
  return { sopClassUid, isScu: roles[0] === 1, isScp: roles[1] === 1 };
}

function decodeCommonExtendedNegotiation(value: Buffer): CommonExtendedNegotiation {
  const fields = new FieldReader(value);
  const sopClassUid = uidOf(fields.counted());
  const serviceClassUid = uidOf(fields.counted());
  const related = new FieldReader(fields.counted());
  const relatedSopClassUids: string[] = [];
  while (!related.isAtEnd) relatedSopClassUids.push(uidOf(related.counted()));
  return { sopClassUid, serviceClassUid, relatedSopClassUids };
}

function decodeUserIdentity(value: Buffer): UserIdentity {
  if (value.length < 2) throw tooShort('user identity');
  const fields = new FieldReader(value.subarray(2));
  return {
    type: value.readUInt8(0),
    isPositiveResponseRequested: value[1] === 1,
    primaryField: fields.counted(),
    secondaryField: fields.counted(),
  };
}

/** Fields with a 16-bit length in front. */
class FieldReader {
  readonly #bytes: Buffer;
  #position = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#position === this.#bytes.length;
  }

  counted(): Buffer {
    if (this.#bytes.length - this.#position < 2) throw tooShort('user item field');
    const start = this.#position + 2;
    const end = start + this.#bytes.readUInt16BE(this.#position);
    if (end > this.#bytes.length) throw tooShort('user item field');
    this.#position = end;
    return this.#bytes.subarray(start, end);
  }

  rest(): Buffer {
    return this.#bytes.subarray(this.#position);
  }
}

function requireFirst(earlier: unknown, type: number): void {
  if (earlier !== undefined) {
    throw new InvalidPduError(
      abortReason.invalidParameterValue,
      `user item ${type.toString(16)} occurs twice`,
    );
  }
}

function requireLength(value: Buffer, length: number, type: number): void {
  if (value.length !== length) {
    throw new InvalidPduError(
      abortReason.invalidParameterValue,
      `user item ${type.toString(16)} has a wrong length`,
    );
  }
}

/** Encodes the value of a user information item, sub-items in ascending order of type as PS3.7 §D.3.3 lists them. */
export function encodeUserInformation(information: UserInformation): Buffer {
  const parts: Buffer[] = [];
  const maximumLength = Buffer.alloc(4);
  maximumLength.writeUInt32BE(information.maximumLengthBytes, 0);
  parts.push(item(userItemType.maximumLength, maximumLength));
  parts.push(item(userItemType.implementationClassUid, text(information.implementationClassUid)));
  const window = information.asynchronousOperationsWindow;
  if (window !== undefined) {
    const value = Buffer.alloc(4);
    value.writeUInt16BE(window.operationsInvokedMax, 0);
    value.writeUInt16BE(window.operationsPerformedMax, 2);
    parts.push(item(userItemType.asynchronousOperationsWindow, value));
  }
  for (const role of information.roleSelections) {
    const roles = Buffer.from([role.isScu ? 1 : 0, role.isScp ? 1 : 0]);
    parts.push(
      item(userItemType.roleSelection, Buffer.concat([counted(text(role.sopClassUid)), roles])),
    );
  }
  if (information.implementationVersionName !== undefined) {
    parts.push(
      item(userItemType.implementationVersionName, text(information.implementationVersionName)),
    );
  }
  for (const { sopClassUid, information: value } of information.extendedNegotiations) {
    const fields = Buffer.concat([counted(text(sopClassUid)), value]);
    parts.push(item(userItemType.extendedNegotiation, fields));
  }
  for (const negotiation of information.commonExtendedNegotiations) {
    parts.push(item(userItemType.commonExtendedNegotiation, encodeCommonNegotiation(negotiation)));
  }
  const identity = information.userIdentity;
  if (identity !== undefined) {
    const head = Buffer.from([identity.type, identity.isPositiveResponseRequested ? 1 : 0]);
    const fields = [head, counted(identity.primaryField), counted(identity.secondaryField)];
    parts.push(item(userItemType.userIdentityRequest, Buffer.concat(fields)));
  }
  if (information.userIdentityResponse !== undefined) {
    parts.push(item(userItemType.userIdentityResponse, counted(information.userIdentityResponse)));
  }
  return Buffer.concat(parts);
}

function encodeCommonNegotiation(negotiation: CommonExtendedNegotiation): Buffer {
  const related = negotiation.relatedSopClassUids.map((uid) => counted(text(uid)));
  return Buffer.concat([
    counted(text(negotiation.sopClassUid)),
    counted(text(negotiation.serviceClassUid)),
    counted(Buffer.concat(related)),
  ]);
}
