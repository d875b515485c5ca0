import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type {
  AssociateAccept,
  AssociateRequest,
  PresentationContextResult,
} from '#engine/upper-layer/pdu-types.js';
import {
  encodeAbort,
  encodeAssociateAccept,
  encodeAssociateReject,
  encodeAssociateRequest,
  encodeReleaseRequest,
  encodeReleaseResponse,
  encodeTitleFields,
} from '#engine/upper-layer/pdu-writer.js';
import type { UserInformation } from '#engine/upper-layer/user-information.js';
import { dataTransferPdu, recordPdus } from '#test/helpers/pdu-recorder.js';

const byte = fc.integer({ min: 0, max: 255 });
const uint16 = fc.integer({ min: 0, max: 0xffff });
const uid = fc
  .array(fc.integer({ min: 0, max: 99_999 }), { minLength: 1, maxLength: 10 })
  .map((components) => ['1', ...components].join('.'));
const aeTitle = fc.stringMatching(/^[A-Z0-9_]{1,16}$/);
const bytes = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength }).map((value) => Buffer.from(value));

const userInformation: fc.Arbitrary<UserInformation> = fc.record(
  {
    maximumLengthBytes: fc.integer({ min: 0, max: 0xffff_ffff }),
    implementationClassUid: uid,
    implementationVersionName: aeTitle,
    asynchronousOperationsWindow: fc.record({
      operationsInvokedMax: uint16,
      operationsPerformedMax: uint16,
    }),
    roleSelections: fc.array(
      fc.record({ sopClassUid: uid, isScu: fc.boolean(), isScp: fc.boolean() }),
      { maxLength: 3 },
    ),
    extendedNegotiations: fc.array(fc.record({ sopClassUid: uid, information: bytes(8) }), {
      maxLength: 3,
    }),
    commonExtendedNegotiations: fc.array(
      fc.record({
        sopClassUid: uid,
        serviceClassUid: uid,
        relatedSopClassUids: fc.array(uid, { maxLength: 3 }),
      }),
      { maxLength: 2 },
    ),
    userIdentity: fc.record({
      type: fc.integer({ min: 1, max: 5 }),
      isPositiveResponseRequested: fc.boolean(),
      primaryField: bytes(20),
      secondaryField: bytes(20),
    }),
    userIdentityResponse: bytes(20),
  },
  {
    requiredKeys: [
      'maximumLengthBytes',
      'implementationClassUid',
      'roleSelections',
      'extendedNegotiations',
      'commonExtendedNegotiations',
    ],
  },
);

const contextIds = fc.uniqueArray(
  fc.integer({ min: 0, max: 127 }).map((n) => n * 2 + 1),
  { minLength: 1, maxLength: 128 },
);

const request: fc.Arbitrary<AssociateRequest> = fc
  .record({
    calledAeTitle: aeTitle,
    callingAeTitle: aeTitle,
    applicationContextUid: uid,
    contextIds,
    abstractSyntaxUid: uid,
    transferSyntaxUids: fc.array(uid, { maxLength: 5 }),
    userInformation,
  })
  .map((fields) => ({
    protocolVersion: 1,
    calledAeTitle: fields.calledAeTitle,
    callingAeTitle: fields.callingAeTitle,
    titleFields: Uint8Array.from(encodeTitleFields(fields.calledAeTitle, fields.callingAeTitle)),
    applicationContextUid: fields.applicationContextUid,
    presentationContexts: fields.contextIds.map((contextId) => ({
      contextId,
      abstractSyntaxUid: fields.abstractSyntaxUid,
      transferSyntaxUids: fields.transferSyntaxUids,
    })),
    userInformation: fields.userInformation,
  }));

const accept: fc.Arbitrary<AssociateAccept> = fc
  .record({
    applicationContextUid: uid,
    contextIds,
    result: fc.integer({ min: 0, max: 4 }),
    transferSyntaxUid: uid,
    userInformation,
  })
  .map((fields) => ({
    titleFields: Uint8Array.from(encodeTitleFields('A', 'B')),
    applicationContextUid: fields.applicationContextUid,
    presentationContexts: fields.contextIds.map((contextId) => ({
      contextId,
      result: fields.result as PresentationContextResult,
      transferSyntaxUid: fields.transferSyntaxUid,
    })),
    userInformation: fields.userInformation,
  }));

const pdv = fc.record({
  contextId: byte,
  control: fc.integer({ min: 0, max: 3 }),
  bytes: bytes(300),
});

const pdu = fc.oneof(
  { weight: 1, arbitrary: request.map(encodeAssociateRequest) },
  { weight: 1, arbitrary: accept.map(encodeAssociateAccept) },
  {
    weight: 1,
    arbitrary: fc.record({ result: byte, source: byte, reason: byte }).map(encodeAssociateReject),
  },
  {
    weight: 5,
    arbitrary: fc.array(pdv, { minLength: 1, maxLength: 5 }).map(dataTransferPdu),
  },
  { weight: 1, arbitrary: fc.record({ source: byte, reason: byte }).map(encodeAbort) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(encodeReleaseRequest(), encodeReleaseResponse()),
  },
);

/** Cuts `stream` at the given places (taken modulo its length). */
function* cut(stream: Buffer, places: readonly number[]): Generator<Buffer> {
  const ends = places.map((place) => place % (stream.length + 1)).sort((a, b) => a - b);
  let start = 0;
  for (const end of [...ends, stream.length]) {
    yield stream.subarray(start, end);
    start = end;
  }
}

function* singleBytes(stream: Buffer): Generator<Buffer> {
  for (let i = 0; i < stream.length; i++) yield stream.subarray(i, i + 1);
}

test('PS3.8 §9.3.2: an A-ASSOCIATE-RQ reads back as it was written', () => {
  fc.assert(
    fc.property(request, (value) => {
      const events = recordPdus([encodeAssociateRequest(value)]);
      assert.deepEqual(plain(events), plain([associateEvent('associate-request', value)]));
    }),
  );
});

test('PS3.8 §9.3.3: an A-ASSOCIATE-AC reads back as it was written', () => {
  fc.assert(
    fc.property(accept, (value) => {
      const events = recordPdus([encodeAssociateAccept(value)]);
      assert.deepEqual(plain(events), plain([associateEvent('associate-accept', value)]));
    }),
  );
});

test('any split of the stream gives the same events', () => {
  fc.assert(
    fc.property(
      fc.array(pdu, { minLength: 1, maxLength: 6 }),
      fc.array(fc.nat(), { maxLength: 20 }),
      (pdus, places) => {
        const stream = Buffer.concat(pdus);
        const whole = recordPdus([stream]);
        assert.deepEqual(recordPdus(cut(stream, places)), whole);
        assert.deepEqual(recordPdus(singleBytes(stream)), whole);
      },
    ),
  );
});

test('any split of a broken stream gives the same events', () => {
  fc.assert(
    fc.property(
      fc.array(pdu, { minLength: 1, maxLength: 4 }),
      fc.array(fc.tuple(fc.nat(), byte), { minLength: 1, maxLength: 4 }),
      fc.array(fc.nat(), { maxLength: 20 }),
      (pdus, mutations, places) => {
        const stream = Buffer.concat(pdus);
        for (const [place, value] of mutations) stream[place % stream.length] = value;
        const whole = recordPdus([stream]);
        assert.deepEqual(recordPdus(cut(stream, places)), whole);
      },
    ),
  );
});

test('random bytes never crash the reader, and it says at most once that they make no sense', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 7 }), bytes(400), (type, rest) => {
      const head = Buffer.alloc(6);
      head.writeUInt8(type, 0);
      head.writeUInt32BE(Math.max(rest.length - (type % 3), 0), 2);
      const events = recordPdus([Buffer.concat([head, rest])]);
      const invalid = events.filter((event) => event.kind === 'pdu' && event.name === 'invalid');
      assert.ok(invalid.length <= 1);
      if (invalid.length === 1) assert.equal(events.at(-1), invalid[0]);
    }),
  );
});

function associateEvent(name: string, value: unknown): unknown {
  return { kind: 'pdu', name, value };
}

/** Without the difference between Buffer and Uint8Array. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, entry: unknown) =>
      entry instanceof Uint8Array ? Array.from(entry) : entry,
    ).replaceAll(/\{"type":"Buffer","data":(\[[^\]]*\])\}/g, '$1'),
  );
}
