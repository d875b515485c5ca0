import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Association } from '#engine/upper-layer/association.js';
import type { AssociationEffects } from '#engine/upper-layer/association.js';
import { associateReject, dicomApplicationContextUid } from '#engine/upper-layer/pdu-types.js';
import {
  encodeAbort,
  encodeAssociateAccept,
  encodeAssociateReject,
  encodeAssociateRequest,
  encodeReleaseRequest,
  encodeReleaseResponse,
} from '#engine/upper-layer/pdu-writer.js';
import { associateRequest, plainUserInformation } from '#test/helpers/associate-pdus.js';
import { dataTransferPdu } from '#test/helpers/pdu-recorder.js';

/** An association whose effects are written down, one word each; sent bytes go to `sent`. */
class Side {
  readonly log: string[] = [];
  readonly sent: Buffer[] = [];
  readonly association: Association;

  constructor(role: 'acceptor' | 'requestor') {
    const note =
      (word: string) =>
      (..._ignored: unknown[]): void => {
        this.log.push(word);
      };
    const effects: AssociationEffects = {
      send: (bytes) => {
        this.sent.push(Buffer.from(bytes));
      },
      close: note('close'),
      startArtim: note('start-artim'),
      stopArtim: note('stop-artim'),
      associateRequested: note('requested'),
      associateConfirmed: note('confirmed'),
      dataReceived: (contextId, isCommand, isLast, bytes) => {
        this.log.push(`data ${contextId} ${isCommand} ${isLast} ${Buffer.from(bytes).toString()}`);
      },
      releaseRequested: note('release-requested'),
      releaseConfirmed: note('release-confirmed'),
      aborted: (cause) => {
        this.log.push(`aborted by ${cause.by}`);
      },
    };
    this.association = new Association(role, effects);
  }

  get state(): string {
    return this.association.state;
  }

  /** The effects since the last call. */
  take(): string[] {
    return this.log.splice(0);
  }

  takeSent(): Buffer {
    return Buffer.concat(this.sent.splice(0));
  }

  receive(bytes: Buffer): void {
    this.association.receive(bytes);
  }
}

const transferSyntaxUid = '1.2.840.10008.1.2.1';
const contexts = [
  { contextId: 1, abstractSyntaxUid: '1.2.840.10008.5.1.4.1.1.2', transferSyntaxUid },
];
const answer = {
  applicationContextUid: dicomApplicationContextUid,
  titleFields: associateRequest().titleFields,
  presentationContexts: [{ contextId: 1, result: 0, transferSyntaxUid }] as const,
  userInformation: plainUserInformation,
};
const data = dataTransferPdu([{ contextId: 1, control: 2, bytes: Buffer.from('x') }]);

function openAcceptor(): Side {
  const acceptor = new Side('acceptor');
  acceptor.association.transportOpened();
  return acceptor;
}

function establishedAcceptor(): Side {
  const acceptor = openAcceptor();
  acceptor.receive(encodeAssociateRequest(associateRequest()));
  acceptor.association.accept(answer, contexts);
  acceptor.take();
  acceptor.takeSent();
  return acceptor;
}

/** Both sides, associated with one another. */
function establishedPair(): readonly [requestor: Side, acceptor: Side] {
  const requestor = new Side('requestor');
  const acceptor = openAcceptor();
  requestor.association.requestAssociation(associateRequest());
  requestor.association.transportOpened();
  acceptor.receive(requestor.takeSent());
  acceptor.association.accept(answer, contexts);
  requestor.receive(acceptor.takeSent());
  assert.equal(requestor.state, 'Sta6');
  assert.equal(acceptor.state, 'Sta6');
  assert.deepEqual(requestor.take(), ['confirmed']);
  acceptor.take();
  return [requestor, acceptor];
}

test('PS3.8 §9.2: an association from request to release', () => {
  const [requestor, acceptor] = establishedPair();
  requestor.association.sendData(data);
  acceptor.receive(requestor.takeSent());
  assert.deepEqual(acceptor.take(), ['data 1 false true x']);

  requestor.association.requestRelease();
  acceptor.receive(requestor.takeSent());
  assert.deepEqual(acceptor.take(), ['release-requested']);
  assert.equal(acceptor.state, 'Sta8');
  acceptor.association.sendData(data);
  acceptor.association.respondRelease();
  assert.equal(acceptor.state, 'Sta13');
  requestor.receive(acceptor.takeSent());
  assert.deepEqual(requestor.take(), ['data 1 false true x', 'release-confirmed', 'close']);
  assert.equal(requestor.state, 'Sta1');
  acceptor.association.transportClosed();
  assert.deepEqual(acceptor.take(), ['start-artim', 'stop-artim']);
  assert.equal(acceptor.state, 'Sta1');
});

test('PS3.8 §9.2: release collision, both sides end in peace', () => {
  const [requestor, acceptor] = establishedPair();
  requestor.association.requestRelease();
  acceptor.association.requestRelease();
  const fromRequestor = requestor.takeSent();
  requestor.receive(acceptor.takeSent());
  acceptor.receive(fromRequestor);
  assert.deepEqual([requestor.state, acceptor.state], ['Sta9', 'Sta10']);
  requestor.association.respondRelease();
  assert.equal(requestor.state, 'Sta11');
  acceptor.receive(requestor.takeSent());
  assert.equal(acceptor.state, 'Sta12');
  acceptor.association.respondRelease();
  assert.equal(acceptor.state, 'Sta13');
  requestor.receive(acceptor.takeSent());
  assert.equal(requestor.state, 'Sta1');
});

test('PS3.8 §9.2: a rejection is confirmed and closes the requestor', () => {
  const requestor = new Side('requestor');
  requestor.association.requestAssociation(associateRequest());
  requestor.association.transportOpened();
  requestor.receive(encodeAssociateReject(associateReject.temporaryCongestion));
  assert.deepEqual(requestor.take(), ['close', 'confirmed']);
  assert.equal(requestor.state, 'Sta1');
});

test('PS3.8 §9.2.2 AE-6: another protocol version is rejected by the provider', () => {
  const acceptor = openAcceptor();
  const pdu = encodeAssociateRequest(associateRequest());
  pdu.writeUInt16BE(2, 6);
  acceptor.receive(pdu);
  const expected = encodeAssociateReject(associateReject.protocolVersionNotSupported);
  assert.deepEqual(acceptor.takeSent(), expected);
  assert.deepEqual(acceptor.take(), ['start-artim', 'stop-artim', 'start-artim']);
  assert.equal(acceptor.state, 'Sta13');
});

test('PS3.8 §9.2.2 AE-8: after a rejection the peer closes, or ARTIM does', () => {
  const acceptor = openAcceptor();
  acceptor.receive(encodeAssociateRequest(associateRequest()));
  acceptor.association.reject(associateReject.localLimitExceeded);
  assert.equal(acceptor.state, 'Sta13');
  acceptor.take();
  acceptor.association.artimExpired();
  assert.deepEqual(acceptor.take(), ['stop-artim', 'close']);
});

test('PS3.8 §9.2: in Sta2 every PDU but A-ASSOCIATE-RQ is unexpected', () => {
  for (const pdu of [data, encodeReleaseRequest(), encodeReleaseResponse()]) {
    const acceptor = openAcceptor();
    acceptor.receive(pdu);
    assert.deepEqual(acceptor.takeSent(), encodeAbort({ source: 2, reason: 2 }));
    assert.equal(acceptor.state, 'Sta13');
  }
});

test('PS3.8 §9.2: a second A-ASSOCIATE-RQ aborts', () => {
  const acceptor = establishedAcceptor();
  acceptor.receive(encodeAssociateRequest(associateRequest()));
  assert.deepEqual(acceptor.takeSent(), encodeAbort({ source: 2, reason: 2 }));
  assert.deepEqual(acceptor.take(), ['start-artim', 'aborted by provider']);
});

test('PS3.8 §9.2: an unrecognized PDU aborts with its reason, and nothing after it counts', () => {
  const acceptor = openAcceptor();
  acceptor.receive(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
  acceptor.receive(encodeAssociateRequest(associateRequest()));
  assert.deepEqual(acceptor.takeSent(), encodeAbort({ source: 2, reason: 1 }));
  assert.deepEqual(acceptor.take(), ['start-artim', 'start-artim', 'aborted by provider']);
});

test('PS3.8 §9.3.5: data on a context that was not agreed on aborts', () => {
  const acceptor = establishedAcceptor();
  acceptor.receive(dataTransferPdu([{ contextId: 3, control: 2, bytes: Buffer.from('x') }]));
  assert.deepEqual(acceptor.takeSent(), encodeAbort({ source: 2, reason: 6 }));
  assert.equal(acceptor.state, 'Sta13');
});

test('PS3.8 §9.2.2 AA-6: after our abort the rest of the peer is ignored', () => {
  const acceptor = establishedAcceptor();
  acceptor.receive(data.subarray(0, 8));
  acceptor.association.abort();
  assert.deepEqual(acceptor.takeSent(), encodeAbort({ source: 0, reason: 0 }));
  acceptor.receive(data.subarray(8));
  acceptor.receive(data);
  assert.deepEqual(acceptor.take(), ['start-artim']);
  acceptor.receive(encodeAbort({ source: 0, reason: 0 }));
  assert.deepEqual(acceptor.take(), ['stop-artim', 'close']);
});

test('PS3.8 §9.2.2 AA-3 and AA-4: an abort of the peer and a lost connection are indicated', () => {
  const aborted = establishedAcceptor();
  aborted.receive(encodeAbort({ source: 0, reason: 0 }));
  assert.deepEqual(aborted.take(), ['aborted by peer', 'close']);
  const lost = establishedAcceptor();
  lost.association.transportClosed();
  assert.deepEqual(lost.take(), ['aborted by transport']);
});

test('primitives without effect in the present state are ignored', () => {
  const acceptor = openAcceptor();
  acceptor.association.sendData(data);
  acceptor.association.respondRelease();
  acceptor.association.abort();
  acceptor.association.accept(answer, contexts);
  acceptor.association.reject(associateReject.userNoReason);
  assert.equal(acceptor.state, 'Sta2');
  assert.equal(acceptor.takeSent().length, 0);
});

test('PS3.8 Table 9-26: a requestor aborts when the answer is to something that it did not ask', () => {
  const invalid = encodeAbort({ source: 2, reason: 6 });
  const [accepted] = answer.presentationContexts;
  for (const wrong of [
    { ...answer, applicationContextUid: '1.2.3' },
    { ...answer, presentationContexts: [accepted, { ...accepted, contextId: 3 }] },
  ]) {
    const requestor = new Side('requestor');
    requestor.association.requestAssociation(associateRequest());
    requestor.association.transportOpened();
    requestor.takeSent();
    requestor.receive(encodeAssociateAccept(wrong));
    assert.deepEqual(requestor.takeSent(), invalid);
    assert.deepEqual(requestor.take(), ['start-artim', 'aborted by provider']);
  }
});

test('PS3.8 §9.3.3.2: a context that is accepted in a transfer syntax which was not proposed is not agreed on', () => {
  const requestor = new Side('requestor');
  requestor.association.requestAssociation(associateRequest());
  requestor.association.transportOpened();
  const presentationContexts = [{ contextId: 1, result: 0, transferSyntaxUid: '1.2' }] as const;
  requestor.receive(encodeAssociateAccept({ ...answer, presentationContexts }));
  assert.deepEqual(requestor.take(), ['confirmed']);
  requestor.takeSent();
  requestor.receive(data);
  assert.deepEqual(requestor.takeSent(), encodeAbort({ source: 2, reason: 6 }));
});
