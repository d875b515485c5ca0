import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Association } from '#engine/upper-layer/association.js';
import { agreedContexts } from '#engine/upper-layer/negotiation.js';
import { associateReject, dicomApplicationContextUid } from '#engine/upper-layer/pdu-types.js';
import {
  encodeAbort,
  encodeAssociateAccept,
  encodeAssociateReject,
  encodeAssociateRequest,
  encodeReleaseRequest,
  encodeReleaseResponse,
} from '#engine/upper-layer/pdu-writer.js';
import { actionFor, associationEvents, nextStates } from '#engine/upper-layer/state-machine.js';
import type { AssociationEvent, AssociationState } from '#engine/upper-layer/state-machine.js';
import { associateRequest, plainUserInformation } from '#test/helpers/associate-pdus.js';
import { dataTransferPdu } from '#test/helpers/pdu-recorder.js';

type Role = 'acceptor' | 'requestor';

const request = associateRequest();
const accept = {
  applicationContextUid: dicomApplicationContextUid,
  titleFields: request.titleFields,
  userInformation: plainUserInformation,
  presentationContexts: request.presentationContexts.map(({ contextId, transferSyntaxUids }) => ({
    contextId,
    result: 0 as const,
    transferSyntaxUid: transferSyntaxUids[0] ?? '',
  })),
};
const contexts = agreedContexts(request.presentationContexts, accept.presentationContexts);
const [{ contextId = 1 } = {}] = contexts;
const data = dataTransferPdu([{ contextId, control: 0x03, bytes: Buffer.from('data') }]);

/** How each event of PS3.8 Table 9-10 is brought about: a primitive of the user, a PDU of the peer, or the transport. */
const causes: Record<AssociationEvent, (association: Association, role: Role) => void> = {
  Evt1: (association, role) => {
    if (role === 'requestor') association.requestAssociation(request);
  },
  Evt2: (association, role) => {
    if (role === 'requestor') association.transportOpened();
  },
  Evt3: (association) => association.receive(encodeAssociateAccept(accept)),
  Evt4: (association) => association.receive(encodeAssociateReject(associateReject.userNoReason)),
  Evt5: (association, role) => {
    if (role === 'acceptor') association.transportOpened();
  },
  Evt6: (association) => association.receive(encodeAssociateRequest(request)),
  Evt7: (association) => association.accept(accept, contexts),
  Evt8: (association) => association.reject(associateReject.userNoReason),
  Evt9: (association) => association.sendData(data),
  Evt10: (association) => association.receive(data),
  Evt11: (association) => association.requestRelease(),
  Evt12: (association) => association.receive(encodeReleaseRequest()),
  Evt13: (association) => association.receive(encodeReleaseResponse()),
  Evt14: (association) => association.respondRelease(),
  Evt15: (association) => association.abort(),
  Evt16: (association) => association.receive(encodeAbort({ source: 0, reason: 0 })),
  Evt17: (association) => association.transportClosed(),
  Evt18: (association) => association.artimExpired(),
  Evt19: (association) => association.receive(Buffer.from('GET / HTTP/1.1')),
};

/** A way into each state, for each role that can be in it. */
const ways: Record<AssociationState, Partial<Record<Role, readonly AssociationEvent[]>>> = {
  Sta1: { acceptor: [], requestor: [] },
  Sta2: { acceptor: ['Evt5'] },
  Sta3: { acceptor: ['Evt5', 'Evt6'] },
  Sta4: { requestor: ['Evt1'] },
  Sta5: { requestor: ['Evt1', 'Evt2'] },
  Sta6: { acceptor: ['Evt5', 'Evt6', 'Evt7'], requestor: ['Evt1', 'Evt2', 'Evt3'] },
  Sta7: {
    acceptor: ['Evt5', 'Evt6', 'Evt7', 'Evt11'],
    requestor: ['Evt1', 'Evt2', 'Evt3', 'Evt11'],
  },
  Sta8: {
    acceptor: ['Evt5', 'Evt6', 'Evt7', 'Evt12'],
    requestor: ['Evt1', 'Evt2', 'Evt3', 'Evt12'],
  },
  Sta9: { requestor: ['Evt1', 'Evt2', 'Evt3', 'Evt11', 'Evt12'] },
  Sta10: { acceptor: ['Evt5', 'Evt6', 'Evt7', 'Evt11', 'Evt12'] },
  Sta11: { requestor: ['Evt1', 'Evt2', 'Evt3', 'Evt11', 'Evt12', 'Evt14'] },
  Sta12: { acceptor: ['Evt5', 'Evt6', 'Evt7', 'Evt11', 'Evt12', 'Evt13'] },
  Sta13: { acceptor: ['Evt5', 'Evt6', 'Evt8'], requestor: ['Evt1', 'Evt2', 'Evt3', 'Evt15'] },
};

/** What each action sends: the type of its PDU (PS3.8 Tables 9-6 to 9-9). */
const sentTypes: Readonly<Record<string, number>> = {
  'AE-2': 1,
  'AE-7': 2,
  'AE-8': 3,
  'DT-1': 4,
  'AR-1': 5,
  'AR-4': 6,
  'AR-7': 4,
  'AR-9': 6,
  'AA-1': 7,
  'AA-7': 7,
  'AA-8': 7,
};

/** Whether the action closes the connection, and whether it starts or stops ARTIM. */
const transportEffects: Readonly<Record<string, string>> = {
  'AE-4': 'close',
  'AE-5': 'start',
  'AE-6': 'stop',
  'AE-8': 'start',
  'AR-3': 'close',
  'AR-4': 'start',
  'AR-5': 'stop',
  'AA-1': 'start',
  'AA-2': 'stop close',
  'AA-3': 'close',
  'AA-5': 'stop',
  'AA-8': 'start',
};

interface Cell {
  readonly state: AssociationState;
  readonly sentType: number | undefined;
  readonly transport: string;
}

/** The association after `way` and then `event`, with what that last event had it do. */
function runCell(role: Role, way: readonly AssociationEvent[], event: AssociationEvent): Cell {
  let sentType: number | undefined;
  const transport: string[] = [];
  const association = new Association(role, {
    send: (bytes) => {
      sentType = bytes[0];
    },
    close: () => void transport.push('close'),
    startArtim: () => void transport.push('start'),
    stopArtim: () => void transport.push('stop'),
    associateRequested: () => undefined,
    associateConfirmed: () => undefined,
    dataReceived: () => undefined,
    releaseRequested: () => undefined,
    releaseConfirmed: () => undefined,
    aborted: () => undefined,
  });
  for (const step of way) causes[step](association, role);
  sentType = undefined;
  transport.length = 0;
  causes[event](association, role);
  return { state: association.state, sentType, transport: transport.join(' ') };
}

for (const state of Object.keys(ways) as AssociationState[]) {
  for (const [role, way] of Object.entries(ways[state]) as [Role, AssociationEvent[]][]) {
    test(`PS3.8 §9.2.3: an ${role} in ${state} does what the table says at each event`, () => {
      for (const event of Object.keys(causes) as AssociationEvent[]) {
        const expected = expectedCell(role, state, event);
        const what = `${event} (${associationEvents[event]})`;
        assert.deepEqual(runCell(role, way, event), expected, what);
      }
    });
  }
}

function expectedCell(role: Role, state: AssociationState, event: AssociationEvent): Cell {
  const action = isPossible(role, event) ? actionFor(event, state) : null;
  if (action === null) return { state, sentType: undefined, transport: '' };
  const [first, second = first] = nextStates[action];
  return {
    // Of the two outcomes AE-6 accepts the version of our request, and AR-8 depends on the role.
    state: action === 'AR-8' && role === 'acceptor' ? second : first,
    sentType: sentTypes[action],
    transport: transportEffects[action] ?? '',
  };
}

/** The requestor opens the connection, the acceptor is told of one. */
function isPossible(role: Role, event: AssociationEvent): boolean {
  const other = role === 'acceptor' ? ['Evt1', 'Evt2'] : ['Evt5'];
  return !other.includes(event);
}
