import assert from 'node:assert/strict';
import { test } from 'node:test';
import { associateReject } from '#engine/upper-layer/pdu-types.js';
import type { AssociateRequest } from '#engine/upper-layer/pdu-types.js';
import { connectionHints, rejectHints, tlsHint } from '#src/dimse/inspector/association-hints.js';
import { AssociationInspector } from '#src/dimse/inspector/association-inspector.js';
import { associateRequest, plainUserInformation } from '#test/helpers/associate-pdus.js';

function rejected(request: AssociateRequest) {
  return {
    associationId: 'dimse-1',
    remoteAddress: '127.0.0.1',
    isTls: false,
    request,
    negotiation: { isAccepted: false, reject: associateReject.userNoReason },
  } as const;
}

test('every rejection that we give has a hint', () => {
  const association = rejected(associateRequest());
  for (const [name, reject] of Object.entries(associateReject)) {
    assert.equal(rejectHints(association, reject).length, 1, name);
  }
});

test('user identities and unprintable AE titles are not kept', () => {
  const inspector = new AssociationInspector(5);
  inspector.addAnswered(
    rejected({
      ...associateRequest(),
      callingAeTitle: 'A\nB\u00ff',
      userInformation: {
        ...plainUserInformation,
        userIdentity: {
          type: 2,
          isPositiveResponseRequested: false,
          primaryField: Buffer.from('somebody'),
          secondaryField: Buffer.from('secret'),
        },
      },
    }),
  );
  const [kept] = inspector.list();
  assert.equal(kept?.request?.callingAeTitle, 'A?B?');
  assert.equal(kept?.request?.userIdentityType, 2);
  const text = JSON.stringify(kept);
  for (const secret of ['somebody', 'secret', Buffer.from('secret').toString('base64')]) {
    assert.ok(!text.includes(secret));
  }
});

test('connections that only knock are counted and not listed', () => {
  const inspector = new AssociationInspector(5);
  const connection = { associationId: 'dimse-1', remoteAddress: '127.0.0.1', isTls: false };
  inspector.addFailedConnection({ ...connection, cause: { by: 'transport' } });
  assert.deepEqual(inspector.list(), []);
  inspector.addFailedConnection({ ...connection, cause: { by: 'peer', source: 0, reason: 0 } });
  assert.equal(inspector.list().length, 1);
  assert.deepEqual(inspector.counts(), {
    accepted: 0,
    rejected: 0,
    connectionsFailed: 2,
    tlsFailed: 0,
    byReason: { 'aborted by peer': 1, 'connection closed': 1 },
  });
});

test('what speaks another protocol is told apart', () => {
  const cause = (detail: string, reason: 1 | 6) => ({ by: 'provider', reason, detail }) as const;
  const web = connectionHints(cause('PDU type 71 is unknown', 1), false);
  assert.match(web[0] ?? '', /not DICOM/);
  assert.match(connectionHints(cause('PDU type 22 is unknown', 1), false)[0] ?? '', /speaks TLS/);
  assert.match(connectionHints(cause('cut short', 6), false)[0] ?? '', /cut short/);
  assert.match(tlsHint('ERR_SSL_NO_SHARED_CIPHER'), /BCP 195/);
  assert.match(tlsHint('ERR_SSL_HTTP_REQUEST'), /does not speak TLS/);
  assert.match(tlsHint('ECONNRESET'), /ECONNRESET/);
});
