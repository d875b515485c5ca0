import { hashedIndex } from '../corpus/random-source.js';
import { type PlannedStudy, planStudy } from '../corpus/study-plan.js';
import { type IdentifierKeys, STUDY_ROOT_FIND } from '../harness/query-command.js';
import type { Scale } from '../run-scale.js';
import type { BenchCase } from './bench-case.js';
import { queryCase } from './query-case.js';

const SEED = 59;
const NAME_PREFIX_LENGTH = 5;

/** Keys of a search for one study, and which studies of the corpus it must find. */
interface Search {
  readonly keys: IdentifierKeys;
  isMatch(study: PlannedStudy): boolean;
}

const SEARCHES: Readonly<Record<string, (study: PlannedStudy) => Search>> = {
  uid: ({ studyInstanceUid }) => ({
    keys: keysWith(0x0020000d, studyInstanceUid),
    isMatch: (study) => study.studyInstanceUid === studyInstanceUid,
  }),
  patientId: ({ patientId }) => ({
    keys: keysWith(0x00100020, patientId),
    isMatch: (study) => study.patientId === patientId,
  }),
  nameBroad: ({ patientName }) => {
    const prefix = patientName.slice(0, NAME_PREFIX_LENGTH);
    return {
      keys: keysWith(0x00100010, `${prefix}*`),
      isMatch: (study) => study.patientName.startsWith(prefix),
    };
  },
};

/** C-FIND at STUDY level (PS3.4 Annex C.4.1) over many small studies. Every match is counted. */
export function cfindCases({ name: scaleName }: Scale): readonly BenchCase[] {
  const concurrencies = scaleName === 'tiny' ? [8] : [1, 8];
  return concurrencies.flatMap((concurrency) =>
    Object.entries(SEARCHES).map(([name, makeSearch]) =>
      queryCase({
        transaction: 'cfind',
        name: `C-FIND ${name}`,
        concurrency,
        unit: 'requests',
        needs: ['tiny'],
        sopClassUid: STUDY_ROOT_FIND,
        prepare: ({ corpora }) => {
          const { plan, shape } = corpora.tiny;
          const studies = Array.from({ length: shape.studyCount }, (_, i) => planStudy(plan, i));
          return (operation) => {
            const study = studies[hashedIndex(SEED, operation, studies.length)] as PlannedStudy;
            const { keys, isMatch } = makeSearch(study);
            return { query: { keys }, units: 1, bytes: 0, count: studies.filter(isMatch).length };
          };
        },
      }),
    ),
  );
}

/** The keys that a worklist of studies asks for, one of them with a value. */
function keysWith(tag: number, value: string): IdentifierKeys {
  const keys: IdentifierKeys = [
    [0x00080020, 'DA', ''],
    [0x00080050, 'SH', ''],
    [0x00080061, 'CS', ''],
    [0x00100010, 'PN', ''],
    [0x00100020, 'LO', ''],
    [0x0020000d, 'UI', ''],
  ];
  return keys.map(([key, vr, empty]) => [key, vr, key === tag ? value : empty]);
}
