import assert from 'node:assert/strict';
import { test } from 'node:test';
import { negotiate } from '#engine/upper-layer/negotiation.js';
import type { AcceptancePolicy, Negotiation } from '#engine/upper-layer/negotiation.js';
import { associateReject } from '#engine/upper-layer/pdu-types.js';
import type { AssociateReject } from '#engine/upper-layer/pdu-types.js';
import { associateRequest, plainUserInformation } from '#test/helpers/associate-pdus.js';

const ct = '1.2.840.10008.5.1.4.1.1.2';
const explicit = '1.2.840.10008.1.2.1';

const policy: AcceptancePolicy = {
  implementationClassUid: '2.25.9',
  implementationVersionName: 'TEST',
  maximumLengthBytes: 65_536,
  operationsInvokedMax: 4,
  isCalledAeTitleAccepted: (title) => title === 'GANTRY',
  isCallingAeTitleAccepted: (title) => title === 'TESTSCU',
  capacity: () => 'available',
  isAbstractSyntaxAccepted: (uid) => uid === ct,
  isScpRoleAccepted: () => false,
  answerExtendedNegotiation: () => undefined,
  chooseTransferSyntax: ({ transferSyntaxUids }) =>
    transferSyntaxUids.find((uid) => uid === explicit),
};

function rejectionOf(negotiation: Negotiation): AssociateReject | undefined {
  return negotiation.isAccepted ? undefined : negotiation.reject;
}

function accepted(negotiation: Negotiation): Negotiation & { readonly isAccepted: true } {
  assert.ok(negotiation.isAccepted);
  return negotiation;
}

test('PS3.8 §9.3.4: the first thing that is wrong decides the rejection', () => {
  // Each request repairs the fault of the one before; the last fault is the capacity.
  const wrong = {
    applicationContextUid: '1.2.3',
    calledAeTitle: 'OTHER',
    callingAeTitle: 'OTHER',
  };
  const strict: AcceptancePolicy = {
    ...policy,
    capacity: () => 'limit-reached',
  };
  const right = associateRequest();
  const faults = [
    ['applicationContextUid', associateReject.applicationContextNotSupported],
    ['calledAeTitle', associateReject.calledAeTitleNotRecognized],
    ['callingAeTitle', associateReject.callingAeTitleNotRecognized],
  ] as const;
  let request = { ...right, ...wrong };
  for (const [field, expected] of faults) {
    assert.deepEqual(rejectionOf(negotiate(request, strict)), expected, field);
    request = { ...request, [field]: right[field] };
  }
  assert.deepEqual(rejectionOf(negotiate(request, strict)), associateReject.localLimitExceeded);
  assert.deepEqual(
    rejectionOf(negotiate(request, { ...policy, capacity: () => 'congested' })),
    associateReject.temporaryCongestion,
  );
  assert.equal(rejectionOf(negotiate(request, policy)), undefined);
});

test('PS3.7 §D.3.3.7: an identity that is refused rejects the association, after everything else was right', () => {
  const request = associateRequest();
  const wrong = { result: 'refused', reason: 'wrong' } as const;
  const unverified = { result: 'refused', reason: 'unverified' } as const;
  assert.deepEqual(rejectionOf(negotiate(request, policy, wrong)), associateReject.userNoReason);
  assert.deepEqual(
    rejectionOf(negotiate(request, policy, unverified)),
    associateReject.userNoReasonTransient,
  );
  const full: AcceptancePolicy = { ...policy, capacity: () => 'limit-reached' };
  assert.deepEqual(
    rejectionOf(negotiate(request, full, wrong)),
    associateReject.localLimitExceeded,
  );
});

test('PS3.5 §6.2: AE titles that are empty or hold control characters are not recognized', () => {
  const open: AcceptancePolicy = {
    ...policy,
    isCalledAeTitleAccepted: () => true,
    isCallingAeTitleAccepted: () => true,
  };
  for (const title of ['', 'A\nB', 'A\\B', 'Ä', '\u007f']) {
    assert.deepEqual(
      rejectionOf(negotiate(associateRequest({ calledAeTitle: title }), open)),
      associateReject.calledAeTitleNotRecognized,
    );
    assert.deepEqual(
      rejectionOf(negotiate(associateRequest({ callingAeTitle: title }), open)),
      associateReject.callingAeTitleNotRecognized,
    );
  }
});

test('PS3.8 Table 9-18: each context gets its own result', () => {
  const negotiation = accepted(
    negotiate(
      associateRequest({
        presentationContexts: [
          { contextId: 1, abstractSyntaxUid: ct, transferSyntaxUids: [explicit] },
          { contextId: 3, abstractSyntaxUid: '1.2.3', transferSyntaxUids: [explicit] },
          { contextId: 5, abstractSyntaxUid: ct, transferSyntaxUids: ['1.2.4'] },
          { contextId: 7, abstractSyntaxUid: ct, transferSyntaxUids: ['1.2.4', explicit] },
          { contextId: 9, abstractSyntaxUid: ct, transferSyntaxUids: [] },
        ],
      }),
      policy,
    ),
  );
  assert.deepEqual(
    negotiation.accept.presentationContexts.map(({ contextId, result }) => [contextId, result]),
    [
      [1, 0],
      [3, 3],
      [5, 4],
      [7, 0],
      [9, 4],
    ],
  );
  // Two contexts of one class are both agreed on.
  assert.deepEqual(
    negotiation.presentationContexts.map((context) => context.contextId),
    [1, 7],
  );
});

test('PS3.8 §9.3.3: without an acceptable context the association is accepted all the same', () => {
  const negotiation = accepted(
    negotiate(
      associateRequest({
        presentationContexts: [
          { contextId: 1, abstractSyntaxUid: '1.2.3', transferSyntaxUids: [explicit] },
        ],
      }),
      policy,
    ),
  );
  assert.deepEqual(negotiation.presentationContexts, []);
});

test('PS3.7 §D.3.3.3: the operations window is ours, unless the requestor wants less', () => {
  for (const [proposed, answered] of [
    [0, 4],
    [2, 2],
    [9, 4],
  ] as const) {
    const userInformation = {
      ...plainUserInformation,
      asynchronousOperationsWindow: { operationsInvokedMax: proposed, operationsPerformedMax: 7 },
    };
    const negotiation = accepted(negotiate(associateRequest({ userInformation }), policy));
    assert.deepEqual(negotiation.accept.userInformation.asynchronousOperationsWindow, {
      operationsInvokedMax: answered,
      operationsPerformedMax: 1,
    });
  }
  const plain = accepted(negotiate(associateRequest(), policy));
  assert.equal(plain.accept.userInformation.asynchronousOperationsWindow, undefined);
});

test('PS3.7 §D.3.3.4: roles are answered; a context whose only role is refused is rejected', () => {
  const withRole = (isScu: boolean, isScp: boolean): Negotiation & { readonly isAccepted: true } =>
    accepted(
      negotiate(
        associateRequest({
          userInformation: {
            ...plainUserInformation,
            roleSelections: [{ sopClassUid: ct, isScu, isScp }],
          },
        }),
        policy,
      ),
    );
  const both = withRole(true, true);
  assert.deepEqual(both.accept.userInformation.roleSelections, [
    { sopClassUid: ct, isScu: true, isScp: false },
  ]);
  assert.equal(both.accept.presentationContexts[0]?.result, 0);
  assert.equal(withRole(false, true).accept.presentationContexts[0]?.result, 1);
});

test('PS3.7 §D.3.3.7: an identity is answered only if it is checked and an answer was asked for', () => {
  const userInformation = {
    ...plainUserInformation,
    userIdentity: {
      type: 1,
      isPositiveResponseRequested: true,
      primaryField: Buffer.from('u'),
      secondaryField: Buffer.alloc(0),
    },
  };
  const request = associateRequest({ userInformation });
  const ignored = accepted(negotiate(request, policy));
  assert.equal(ignored.accept.userInformation.userIdentityResponse, undefined);
  const checked = accepted(negotiate(request, policy, { result: 'accepted', userName: 'u' }));
  assert.equal(checked.accept.userInformation.userIdentityResponse?.length, 0);
});
