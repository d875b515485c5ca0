import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '#engine/base/limits.js';
import { item, text } from '#engine/upper-layer/item-writer.js';
import { encodeAssociateRequest } from '#engine/upper-layer/pdu-writer.js';
import { encodeUserInformation } from '#engine/upper-layer/user-information.js';
import { associateRequest, plainUserInformation } from '#test/helpers/associate-pdus.js';
import { dataTransferPdu, recordPdus } from '#test/helpers/pdu-recorder.js';
import type { PduEvent } from '#test/helpers/pdu-recorder.js';

function header(type: number, length: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUInt8(type, 0);
  bytes.writeUInt32BE(length, 2);
  return bytes;
}

/** The reason that the reader refuses `bytes` for. */
function refusalOf(bytes: Buffer): number | undefined {
  const last: PduEvent | undefined = recordPdus([bytes]).at(-1);
  if (last?.kind !== 'pdu' || last.name !== 'invalid') return undefined;
  return (last.value as { readonly reason: number }).reason;
}

const abstractSyntax = item(0x30, text('1.2.840.10008.1.1'));
const transferSyntax = item(0x40, text('1.2.840.10008.1.2'));
const context = contextOf(0x20, abstractSyntax, transferSyntax);
const applicationContext = item(0x10, text('1.2.840.10008.3.1.1.1'));
const userInformation = item(0x50, encodeUserInformation(plainUserInformation));

function associatePdu(type: 1 | 2, items: readonly Buffer[]): Buffer {
  const body = Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(66), ...items]);
  return Buffer.concat([header(type, body.length), body]);
}

function requestWith(...items: Buffer[]): Buffer {
  return associatePdu(1, items);
}

/** A proposed context (20H) or an answer to one (21H), with these sub-items. */
function contextOf(type: 0x20 | 0x21, ...items: Buffer[]): Buffer {
  return item(type, Buffer.concat([Buffer.from([1, 0, 0, 0]), ...items]));
}

test('PS3.8 §9.3.1: an HTTP request is refused at its first byte as unrecognized PDU', () => {
  assert.equal(refusalOf(Buffer.from('GET / HTTP/1.1\r\n\r\n')), 1);
  assert.equal(refusalOf(Buffer.from('G')), 1);
  assert.equal(refusalOf(Buffer.from([0])), 1);
  assert.equal(refusalOf(Buffer.from([8])), 1);
});

test('PDU lengths are checked before anything is gathered', () => {
  assert.equal(refusalOf(header(1, 0xffff_ffff)), 6);
  assert.equal(refusalOf(header(1, limits.associatePduBytesMax + 1)), 6);
  assert.equal(refusalOf(header(4, 0xffff_ffff)), 6);
  assert.equal(refusalOf(header(4, limits.pDataPduBytesMax + 1)), 6);
  assert.equal(refusalOf(header(4, 0)), 6);
  assert.equal(refusalOf(header(5, 5)), 6);
  assert.equal(refusalOf(header(7, 0)), 6);
});

test('PS3.8 §9.3.5: the last-fragment bit is reported with the last byte only', () => {
  const pdu = dataTransferPdu([{ contextId: 3, control: 0x02, bytes: Buffer.from('abcdef') }]);
  const seen: [boolean, string][] = [];
  for (const events of [recordPdus([pdu.subarray(0, 14)]), recordPdus([pdu])]) {
    const fragment = events.at(-1);
    assert.ok(fragment?.kind === 'fragment');
    seen.push([fragment.isLast, fragment.bytes.toString()]);
  }
  assert.deepEqual(seen, [
    [false, 'ab'],
    [true, 'abcdef'],
  ]);
});

test('PS3.8 §9.3.5: several PDVs in one PDU, empty ones too', () => {
  const events = recordPdus([
    dataTransferPdu([
      { contextId: 1, control: 0x03, bytes: Buffer.from('command') },
      { contextId: 1, control: 0x00, bytes: Buffer.from('data') },
      { contextId: 1, control: 0x02, bytes: Buffer.alloc(0) },
    ]),
  ]);
  assert.equal(events.length, 3);
  const last = events.at(-1);
  assert.ok(last?.kind === 'fragment' && last.isLast && last.bytes.toString() === 'data');
});

test('PS3.8 §9.3.5.1: a PDV that does not fit into its PDU is an invalid value', () => {
  const tooLong = dataTransferPdu([{ contextId: 1, control: 0, bytes: Buffer.alloc(10) }]);
  tooLong.writeUInt32BE(13, 6);
  assert.equal(refusalOf(tooLong), 6);
  const tooShort = dataTransferPdu([{ contextId: 1, control: 0, bytes: Buffer.alloc(10) }]);
  tooShort.writeUInt32BE(1, 6);
  assert.equal(refusalOf(tooShort), 6);
  const leftOver = dataTransferPdu([{ contextId: 1, control: 0, bytes: Buffer.alloc(10) }]);
  leftOver.writeUInt32BE(9, 6);
  assert.equal(refusalOf(leftOver), 6);
});

test('PS3.8 Table 9-26: what is wrong with an A-ASSOCIATE-RQ decides the reason', () => {
  const cases: readonly (readonly [reason: number, items: readonly Buffer[], what: string])[] = [
    [6, [context, userInformation], 'no application context'],
    [6, [applicationContext, userInformation], 'no presentation context'],
    [6, [applicationContext, context], 'no user information'],
    [5, [applicationContext, applicationContext, context, userInformation], 'two of 10'],
    [6, [applicationContext, context, userInformation, userInformation], 'two of 50'],
    [6, [applicationContext, context, context, userInformation], 'a context id twice'],
    [4, [applicationContext, context, userInformation, item(0x60, text('x'))], 'unknown item'],
    [6, [applicationContext, item(0x21, Buffer.alloc(4)), userInformation], 'an answer'],
    [6, [applicationContext, item(0x20, Buffer.alloc(3)), userInformation], 'short context'],
    [6, [applicationContext, item(0x20, Buffer.alloc(4)), userInformation], 'id 0, empty'],
    [
      5,
      [applicationContext, contextOf(0x20, abstractSyntax, abstractSyntax), userInformation],
      'two of 30',
    ],
    [6, [applicationContext, contextOf(0x20, transferSyntax), userInformation], 'no 30'],
    [
      4,
      [applicationContext, contextOf(0x20, abstractSyntax, item(0x31, text('1'))), userInformation],
      'unknown item in a context',
    ],
    [6, [applicationContext, context, item(0x50, Buffer.alloc(0))], 'no maximum length'],
    [
      6,
      [applicationContext, context, item(0x50, item(0x53, Buffer.alloc(3)))],
      'operations window of 3 bytes',
    ],
    [6, [applicationContext, context, userInformation.subarray(0, 6)], 'cut short'],
    [
      6,
      [item(0x10, Buffer.alloc(limits.uidLengthMax + 1, 0x31)), context, userInformation],
      'long UID',
    ],
  ];
  for (const [reason, items, what] of cases) {
    assert.equal(refusalOf(requestWith(...items)), reason, what);
  }
  assert.equal(refusalOf(requestWith(applicationContext, context, userInformation)), undefined);
});

test('PS3.8 Table 9-26: what is wrong with an A-ASSOCIATE-AC decides the reason', () => {
  const accepted = contextOf(0x21, transferSyntax);
  const refused = item(0x21, Buffer.from([3, 0, 3, 0]));
  const unknownResult = item(0x21, Buffer.concat([Buffer.from([3, 0, 5, 0]), transferSyntax]));
  const cases: readonly (readonly [reason: number, items: readonly Buffer[], what: string])[] = [
    [6, [accepted, userInformation], 'no application context'],
    [6, [applicationContext, userInformation], 'no presentation context'],
    [6, [applicationContext, accepted], 'no user information'],
    [6, [applicationContext, contextOf(0x21), userInformation], 'no 40 in an accepted context'],
    [6, [applicationContext, accepted, item(0x50, Buffer.alloc(0))], 'no maximum length'],
    [5, [applicationContext, applicationContext, accepted, userInformation], 'two of 10'],
    [
      5,
      [applicationContext, contextOf(0x21, transferSyntax, transferSyntax), userInformation],
      'two of 40',
    ],
    [5, [applicationContext, context, userInformation], 'a proposed context'],
    [6, [applicationContext, accepted, userInformation, userInformation], 'two of 50'],
    [6, [applicationContext, accepted, accepted, userInformation], 'a context id twice'],
    [6, [applicationContext, unknownResult, userInformation], 'an unknown result'],
    [4, [applicationContext, contextOf(0x21, abstractSyntax), userInformation], '30 in an answer'],
    [4, [applicationContext, accepted, userInformation, item(0x60, text('x'))], 'unknown item'],
  ];
  for (const [reason, items, what] of cases) {
    assert.equal(refusalOf(associatePdu(2, items)), reason, what);
  }
  const right = [applicationContext, accepted, refused, userInformation];
  assert.equal(refusalOf(associatePdu(2, right)), undefined);
});

test('PS3.8 §9.3.2: items may come in any order, and unknown user items are ignored', () => {
  const extended = item(
    0x50,
    Buffer.concat([encodeUserInformation(plainUserInformation), item(0x7f, Buffer.alloc(3))]),
  );
  const events = recordPdus([requestWith(extended, context, applicationContext)]);
  assert.ok(events[0]?.kind === 'pdu' && events[0].name === 'associate-request');
});

test('PS3.7 §D.3.3: a user item that may occur once is refused the second time', () => {
  for (const type of [0x51, 0x52, 0x55]) {
    const once = encodeUserInformation({ ...plainUserInformation, implementationVersionName: 'X' });
    const again = item(type, type === 0x51 ? Buffer.alloc(4) : text('1.2'));
    const items = item(0x50, Buffer.concat([once, again]));
    assert.equal(refusalOf(requestWith(applicationContext, context, items)), 6);
  }
});

test('a request of 128 contexts is read, one of the largest size that fits in the limit', () => {
  const presentationContexts = Array.from({ length: 128 }, (_, index) => ({
    contextId: index * 2 + 1,
    abstractSyntaxUid: '1.2.840.10008.5.1.4.1.1.2',
    transferSyntaxUids: Array.from({ length: 40 }, () => '1.2.840.10008.1.2.4.90'),
  }));
  const pdu = encodeAssociateRequest(associateRequest({ presentationContexts }));
  const events = recordPdus([pdu]);
  assert.ok(events[0]?.kind === 'pdu' && events[0].name === 'associate-request');
});
