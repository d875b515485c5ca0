import { limits } from '#engine/base/limits.js';
import { trimAeTitle } from './ae-title.js';
import { ItemReader, tooShort, uidOf } from './item-reader.js';
import { abortReason, InvalidPduError, itemType, presentationContextResult } from './pdu-types.js';
import type {
  AssociateAccept,
  AssociateRequest,
  PresentationContextAnswer,
  PresentationContextResult,
  ProposedPresentationContext,
} from './pdu-types.js';
import { decodeUserInformation } from './user-information.js';
import type { UserInformation } from './user-information.js';

/** Protocol version, reserved bytes, both AE titles and 32 more reserved bytes. */
const fixedFieldsBytes = 68;

/**
 * Decodes the body of an A-ASSOCIATE-RQ (PS3.8 §9.3.2). Throws `InvalidPduError` with the reason of the A-ABORT: items that are
 * missing or wrong are invalid values, unknown ones unrecognised parameters, repeated ones unexpected parameters.
 */
export function decodeAssociateRequest(body: Buffer): AssociateRequest {
  const presentationContexts: ProposedPresentationContext[] = [];
  const common = decodeVariableItems(body, (type, value) => {
    if (type !== itemType.presentationContextRequest) throw wrongContextItem(type);
    presentationContexts.push(decodeProposedContext(value));
  });
  requireDistinctContexts(presentationContexts);
  return {
    protocolVersion: body.readUInt16BE(0),
    calledAeTitle: trimAeTitle(body.toString('latin1', 4, 20)),
    callingAeTitle: trimAeTitle(body.toString('latin1', 20, 36)),
    presentationContexts,
    ...common,
  };
}

/** Decodes the body of an A-ASSOCIATE-AC (PS3.8 §9.3.3). Throws `InvalidPduError`. */
export function decodeAssociateAccept(body: Buffer): AssociateAccept {
  const presentationContexts: PresentationContextAnswer[] = [];
  const common = decodeVariableItems(body, (type, value) => {
    if (type !== itemType.presentationContextAccept) throw wrongContextItem(type);
    presentationContexts.push(decodeContextAnswer(value));
  });
  requireDistinctContexts(presentationContexts);
  return { presentationContexts, ...common };
}

interface CommonFields {
  readonly titleFields: Uint8Array;
  readonly applicationContextUid: string;
  readonly userInformation: UserInformation;
}

/** Walks the variable items; those of presentation contexts go to `onContext`. */
function decodeVariableItems(
  body: Buffer,
  onContext: (type: number, value: Buffer) => void,
): CommonFields {
  if (body.length < fixedFieldsBytes) throw tooShort('association PDU');
  let applicationContextUid: string | undefined;
  let userInformation: UserInformation | undefined;
  const items = new ItemReader(body.subarray(fixedFieldsBytes));
  for (let item = items.next(); item !== undefined; item = items.next()) {
    switch (item.type) {
      case itemType.applicationContext:
        if (applicationContextUid !== undefined) throw repeated('application context');
        applicationContextUid = uidOf(item.value);
        break;
      case itemType.presentationContextRequest:
      case itemType.presentationContextAccept:
        onContext(item.type, item.value);
        break;
      case itemType.userInformation:
        if (userInformation !== undefined) throw invalid('user information occurs twice');
        userInformation = decodeUserInformation(item.value);
        break;
      default:
        throw unrecognized(item.type);
    }
  }
  if (applicationContextUid === undefined) throw invalid('application context is missing');
  if (userInformation === undefined) throw invalid('user information is missing');
  const titleFields = body.subarray(4, fixedFieldsBytes);
  return { titleFields, applicationContextUid, userInformation };
}

function decodeProposedContext(value: Buffer): ProposedPresentationContext {
  if (value.length < 4) throw tooShort('presentation context');
  let abstractSyntaxUid: string | undefined;
  const transferSyntaxUids: string[] = [];
  const items = new ItemReader(value.subarray(4));
  for (let item = items.next(); item !== undefined; item = items.next()) {
    if (item.type === itemType.abstractSyntax) {
      if (abstractSyntaxUid !== undefined) throw repeated('abstract syntax');
      abstractSyntaxUid = uidOf(item.value);
    } else if (item.type === itemType.transferSyntax) {
      transferSyntaxUids.push(uidOf(item.value));
    } else {
      throw unrecognized(item.type);
    }
  }
  if (abstractSyntaxUid === undefined) throw invalid('abstract syntax is missing');
  return { contextId: value.readUInt8(0), abstractSyntaxUid, transferSyntaxUids };
}

function decodeContextAnswer(value: Buffer): PresentationContextAnswer {
  if (value.length < 4) throw tooShort('presentation context');
  let transferSyntaxUid: string | undefined;
  const items = new ItemReader(value.subarray(4));
  for (let item = items.next(); item !== undefined; item = items.next()) {
    if (item.type !== itemType.transferSyntax) throw unrecognized(item.type);
    if (transferSyntaxUid !== undefined) throw repeated('transfer syntax');
    transferSyntaxUid = uidOf(item.value);
  }
  const result = value.readUInt8(2);
  if (result > 4) throw invalid('presentation context result is unknown');
  if (result === presentationContextResult.acceptance && transferSyntaxUid === undefined) {
    throw invalid('transfer syntax is missing');
  }
  return {
    contextId: value.readUInt8(0),
    result: result as PresentationContextResult,
    transferSyntaxUid: transferSyntaxUid ?? '',
  };
}

function requireDistinctContexts(contexts: readonly { readonly contextId: number }[]): void {
  if (contexts.length === 0) throw invalid('no presentation context');
  if (contexts.length > limits.presentationContextCountMax) {
    throw invalid('too many presentation contexts');
  }
  const seen = new Set<number>();
  for (const { contextId } of contexts) {
    if (contextId % 2 === 0) throw invalid('presentation context id is even');
    if (seen.has(contextId)) throw invalid('presentation context id occurs twice');
    seen.add(contextId);
  }
}

function wrongContextItem(type: number): InvalidPduError {
  return type === itemType.presentationContextAccept
    ? invalid('presentation context answer in a request')
    : new InvalidPduError(abortReason.unexpectedParameter, 'proposed context in an answer');
}

function invalid(message: string): InvalidPduError {
  return new InvalidPduError(abortReason.invalidParameterValue, message);
}

function repeated(what: string): InvalidPduError {
  return new InvalidPduError(abortReason.unexpectedParameter, `${what} occurs twice`);
}

function unrecognized(type: number): InvalidPduError {
  return new InvalidPduError(
    abortReason.unrecognizedParameter,
    `item ${type.toString(16)} is unknown`,
  );
}
