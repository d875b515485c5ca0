import type { StoreOutcome } from '#engine/engine-types.js';

/** What a session says of an instance that it has stored. */
export const storedOutcome: StoreOutcome = {
  result: 'stored',
  transferSyntaxUid: '1.2.840.10008.1.2.1',
  studyInstanceUid: '1',
  seriesInstanceUid: '2',
  sopInstanceUid: '3',
  sopClassUid: '4',
  warnings: [],
};
