/** Events of the upper layer state machine, PS3.8 §9.2.1 (Table 9-10, left column). */
export const associationEvents = {
  /** Local user: A-ASSOCIATE request. */
  Evt1: 'A-ASSOCIATE request',
  Evt2: 'transport connection confirmed',
  Evt3: 'A-ASSOCIATE-AC received',
  Evt4: 'A-ASSOCIATE-RJ received',
  Evt5: 'transport connection indication',
  Evt6: 'A-ASSOCIATE-RQ received',
  Evt7: 'A-ASSOCIATE response (accept)',
  Evt8: 'A-ASSOCIATE response (reject)',
  Evt9: 'P-DATA request',
  Evt10: 'P-DATA-TF received',
  Evt11: 'A-RELEASE request',
  Evt12: 'A-RELEASE-RQ received',
  Evt13: 'A-RELEASE-RP received',
  Evt14: 'A-RELEASE response',
  Evt15: 'A-ABORT request',
  Evt16: 'A-ABORT received',
  Evt17: 'transport connection closed',
  Evt18: 'ARTIM timer expired',
  Evt19: 'unrecognized or invalid PDU received',
} as const;

export type AssociationEvent = keyof typeof associationEvents;

/** States of the upper layer state machine, PS3.8 §9.2.1 (Tables 9-1 to 9-5). */
export const associationStates = {
  Sta1: 'idle',
  Sta2: 'transport connection open, awaiting A-ASSOCIATE-RQ',
  Sta3: 'awaiting local A-ASSOCIATE response',
  Sta4: 'awaiting transport connection opening',
  Sta5: 'awaiting A-ASSOCIATE-AC or A-ASSOCIATE-RJ',
  Sta6: 'association established, ready for data transfer',
  Sta7: 'awaiting A-RELEASE-RP',
  Sta8: 'awaiting local A-RELEASE response',
  Sta9: 'release collision requestor: awaiting A-RELEASE response',
  Sta10: 'release collision acceptor: awaiting A-RELEASE-RP',
  Sta11: 'release collision requestor: awaiting A-RELEASE-RP',
  Sta12: 'release collision acceptor: awaiting A-RELEASE response',
  Sta13: 'awaiting transport connection close',
} as const;

export type AssociationState = keyof typeof associationStates;

/**
 * Actions of PS3.8 §9.2.2 (Tables 9-6 to 9-9) with the state they lead to. Where the standard leaves a choice the first is the
 * ordinary one; `Association` decides.
 */
export const nextStates = {
  'AE-1': ['Sta4'],
  'AE-2': ['Sta5'],
  'AE-3': ['Sta6'],
  'AE-4': ['Sta1'],
  'AE-5': ['Sta2'],
  /** Sta13 when the service provider rejects. */
  'AE-6': ['Sta3', 'Sta13'],
  'AE-7': ['Sta6'],
  'AE-8': ['Sta13'],
  'DT-1': ['Sta6'],
  'DT-2': ['Sta6'],
  'AR-1': ['Sta7'],
  'AR-2': ['Sta8'],
  'AR-3': ['Sta1'],
  'AR-4': ['Sta13'],
  'AR-5': ['Sta1'],
  'AR-6': ['Sta7'],
  'AR-7': ['Sta8'],
  /** Sta9 for the association requestor, Sta10 for the acceptor. */
  'AR-8': ['Sta9', 'Sta10'],
  'AR-9': ['Sta11'],
  'AR-10': ['Sta12'],
  'AA-1': ['Sta13'],
  'AA-2': ['Sta1'],
  'AA-3': ['Sta1'],
  'AA-4': ['Sta1'],
  'AA-5': ['Sta1'],
  'AA-6': ['Sta13'],
  'AA-7': ['Sta13'],
  'AA-8': ['Sta13'],
} as const satisfies Record<string, readonly AssociationState[]>;

export type AssociationAction = keyof typeof nextStates;

type Row = readonly (AssociationAction | null)[];
const none = null;

/** PS3.8 Table 9-10: a row per event, a column per state Sta1–Sta13. Empty cells cannot happen or have no effect. */
// prettier-ignore
const transitions: Readonly<Record<AssociationEvent, Row>> = {
  //       Sta1    Sta2    Sta3    Sta4    Sta5    Sta6    Sta7    Sta8    Sta9    Sta10    Sta11   Sta12   Sta13
  Evt1:  ['AE-1', none,   none,   none,   none,   none,   none,   none,   none,   none,    none,   none,   none  ],
  Evt2:  [none,   none,   none,   'AE-2', none,   none,   none,   none,   none,   none,    none,   none,   none  ],
  Evt3:  [none,   'AA-1', 'AA-8', none,   'AE-3', 'AA-8', 'AA-8', 'AA-8', 'AA-8', 'AA-8',  'AA-8', 'AA-8', 'AA-6'],
  Evt4:  [none,   'AA-1', 'AA-8', none,   'AE-4', 'AA-8', 'AA-8', 'AA-8', 'AA-8', 'AA-8',  'AA-8', 'AA-8', 'AA-6'],
  Evt5:  ['AE-5', none,   none,   none,   none,   none,   none,   none,   none,   none,    none,   none,   none  ],
  Evt6:  [none,   'AE-6', 'AA-8', none,   'AA-8', 'AA-8', 'AA-8', 'AA-8', 'AA-8', 'AA-8',  'AA-8', 'AA-8', 'AA-7'],
  Evt7:  [none,   none,   'AE-7', none,   none,   none,   none,   none,   none,   none,    none,   none,   none  ],
  Evt8:  [none,   none,   'AE-8', none,   none,   none,   none,   none,   none,   none,    none,   none,   none  ],
  Evt9:  [none,   none,   none,   none,   none,   'DT-1', none,   'AR-7', none,   none,    none,   none,   none  ],
  Evt10: [none,   'AA-1', 'AA-8', none,   'AA-8', 'DT-2', 'AR-6', 'AA-8', 'AA-8', 'AA-8',  'AA-8', 'AA-8', 'AA-6'],
  Evt11: [none,   none,   none,   none,   none,   'AR-1', none,   none,   none,   none,    none,   none,   none  ],
  Evt12: [none,   'AA-1', 'AA-8', none,   'AA-8', 'AR-2', 'AR-8', 'AA-8', 'AA-8', 'AA-8',  'AA-8', 'AA-8', 'AA-6'],
  Evt13: [none,   'AA-1', 'AA-8', none,   'AA-8', 'AA-8', 'AR-3', 'AA-8', 'AA-8', 'AR-10', 'AR-3', 'AA-8', 'AA-6'],
  Evt14: [none,   none,   none,   none,   none,   none,   none,   'AR-4', 'AR-9', none,    none,   'AR-4', none  ],
  Evt15: [none,   none,   'AA-1', 'AA-2', 'AA-1', 'AA-1', 'AA-1', 'AA-1', 'AA-1', 'AA-1',  'AA-1', 'AA-1', none  ],
  Evt16: [none,   'AA-2', 'AA-3', none,   'AA-3', 'AA-3', 'AA-3', 'AA-3', 'AA-3', 'AA-3',  'AA-3', 'AA-3', 'AA-2'],
  Evt17: [none,   'AA-5', 'AA-4', 'AA-4', 'AA-4', 'AA-4', 'AA-4', 'AA-4', 'AA-4', 'AA-4',  'AA-4', 'AA-4', 'AR-5'],
  Evt18: [none,   'AA-2', none,   none,   none,   none,   none,   none,   none,   none,    none,   none,   'AA-2'],
  Evt19: [none,   'AA-1', 'AA-8', none,   'AA-8', 'AA-8', 'AA-8', 'AA-8', 'AA-8', 'AA-8',  'AA-8', 'AA-8', 'AA-7'],
};

/** The action of PS3.8 Table 9-10 for `event` in `state`; null where the table has no entry. */
export function actionFor(
  event: AssociationEvent,
  state: AssociationState,
): AssociationAction | null {
  const column = Number(state.slice(3)) - 1;
  return transitions[event][column] ?? null;
}
