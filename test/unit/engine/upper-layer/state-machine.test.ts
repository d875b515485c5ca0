import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  actionFor,
  associationEvents,
  associationStates,
  nextStates,
} from '#engine/upper-layer/state-machine.js';
import type {
  AssociationAction,
  AssociationEvent,
  AssociationState,
} from '#engine/upper-layer/state-machine.js';

/**
 * PS3.8 Table 9-10 once more, written by action: the events with the states in which each leads to it. Every cell that is not
 * listed is empty.
 */
const cellsByAction: Record<AssociationAction, string> = {
  'AE-1': 'Evt1:1',
  'AE-2': 'Evt2:4',
  'AE-3': 'Evt3:5',
  'AE-4': 'Evt4:5',
  'AE-5': 'Evt5:1',
  'AE-6': 'Evt6:2',
  'AE-7': 'Evt7:3',
  'AE-8': 'Evt8:3',
  'DT-1': 'Evt9:6',
  'DT-2': 'Evt10:6',
  'AR-1': 'Evt11:6',
  'AR-2': 'Evt12:6',
  'AR-3': 'Evt13:7,11',
  'AR-4': 'Evt14:8,12',
  'AR-5': 'Evt17:13',
  'AR-6': 'Evt10:7',
  'AR-7': 'Evt9:8',
  'AR-8': 'Evt12:7',
  'AR-9': 'Evt14:9',
  'AR-10': 'Evt13:10',
  'AA-1': 'Evt3:2 Evt4:2 Evt10:2 Evt12:2 Evt13:2 Evt15:3,5,6,7,8,9,10,11,12 Evt19:2',
  'AA-2': 'Evt15:4 Evt16:2,13 Evt18:2,13',
  'AA-3': 'Evt16:3,5,6,7,8,9,10,11,12',
  'AA-4': 'Evt17:3,4,5,6,7,8,9,10,11,12',
  'AA-5': 'Evt17:2',
  'AA-6': 'Evt3:13 Evt4:13 Evt10:13 Evt12:13 Evt13:13',
  'AA-7': 'Evt6:13 Evt19:13',
  'AA-8':
    'Evt3:3,6,7,8,9,10,11,12 Evt4:3,6,7,8,9,10,11,12 Evt6:3,5,6,7,8,9,10,11,12 ' +
    'Evt10:3,5,8,9,10,11,12 Evt12:3,5,8,9,10,11,12 Evt13:3,5,6,8,9,12 Evt19:3,5,6,7,8,9,10,11,12',
};

const expected = new Map<string, string>();
for (const [action, cells] of Object.entries(cellsByAction)) {
  for (const cell of cells.split(' ')) {
    const [event = '', states = ''] = cell.split(':');
    for (const state of states.split(',')) {
      assert.ok(!expected.has(`${event} Sta${state}`), `${event} Sta${state} is listed once`);
      expected.set(`${event} Sta${state}`, action);
    }
  }
}

const events = Object.keys(associationEvents) as AssociationEvent[];
const states = Object.keys(associationStates) as AssociationState[];

for (const event of events) {
  test(`PS3.8 §9.2.3: ${event} (${associationEvents[event]}) in every state`, () => {
    for (const state of states) {
      assert.equal(
        actionFor(event, state),
        expected.get(`${event} ${state}`) ?? null,
        `${event} in ${state}`,
      );
    }
  });
}

test('PS3.8 §9.2.3: the table has 19 events and 13 states', () => {
  assert.equal(events.length, 19);
  assert.equal(states.length, 13);
});

test('PS3.8 §9.2.2: every action leads to the states of Tables 9-6 to 9-9', () => {
  const leadsTo: Record<AssociationAction, string> = {
    'AE-1': '4',
    'AE-2': '5',
    'AE-3': '6',
    'AE-4': '1',
    'AE-5': '2',
    'AE-6': '3 13',
    'AE-7': '6',
    'AE-8': '13',
    'DT-1': '6',
    'DT-2': '6',
    'AR-1': '7',
    'AR-2': '8',
    'AR-3': '1',
    'AR-4': '13',
    'AR-5': '1',
    'AR-6': '7',
    'AR-7': '8',
    'AR-8': '9 10',
    'AR-9': '11',
    'AR-10': '12',
    'AA-1': '13',
    'AA-2': '1',
    'AA-3': '1',
    'AA-4': '1',
    'AA-5': '1',
    'AA-6': '13',
    'AA-7': '13',
    'AA-8': '13',
  };
  for (const [action, numbers] of Object.entries(leadsTo)) {
    const actual = nextStates[action as AssociationAction].map((state) => state.slice(3)).join(' ');
    assert.equal(actual, numbers, action);
  }
});
