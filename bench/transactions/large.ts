import { makeIngestCorpus } from '../corpus/corpora.js';
import { hashedIndex } from '../corpus/random-source.js';
import { laterDate, type PlannedStudy, planStudy } from '../corpus/study-plan.js';
import type { Corpus } from '../corpus/corpus.js';
import { HttpConnection } from '../harness/http-connection.js';
import type { RunningPeer } from '../peers/peer.js';
import type { Scale } from '../run-scale.js';
import type { BenchCase } from './bench-case.js';
import { readingCase } from './reading-case.js';
import { type Search, searchOperation, studySearch } from './study-search.js';
import { StudyCounts } from './study-counts.js';
import { storeInstances } from './stow-request.js';

const SEED = 71;
/** Different searches of a case, made before the clock starts. */
const SEARCH_COUNT = 500;
const NEWEST_RESULTS = 100;
const RANGE_DAYS = 7;
const NARROW_PREFIX_LENGTH = 12;
const BROAD_PREFIX_LENGTH = 5;
const STUDY_INSTANCE_UID = '0020000D';

/** Images of 10 KiB that are stored meanwhile, in requests of twenty on one connection. */
const INGEST_PER_REQUEST = 20;
const INGEST_INSTANCES_MAX = 100_000;
/** Apart from the numbers of the STOW cases. */
const FIRST_INGEST_NUMBER = 1000;
const REPETITIONS_MAX = 20;

/** A search that begins at one of the studies. */
type SearchMaker = (study: PlannedStudy, counts: StudyCounts) => Search;

const SEARCHES: Readonly<Record<string, SearchMaker>> = {
  uid: ({ studyInstanceUid }) => studySearch(`StudyInstanceUID=${studyInstanceUid}`, 1),
  patientId: ({ patientId }, counts) =>
    studySearch(`PatientID=${patientId}`, counts.ofPatient(patientId)),
  accession: ({ accessionNumber }) => studySearch(`AccessionNumber=${accessionNumber}`, 1),
  dateModality: ({ studyDate, modality }, counts) => {
    const to = laterDate(studyDate, RANGE_DAYS - 1);
    const matchCount = counts.ofDates(studyDate, RANGE_DAYS, modality);
    return studySearch(`StudyDate=${studyDate}-${to}&ModalitiesInStudy=${modality}`, matchCount);
  },
  nameNarrow: ({ patientName }, counts) =>
    byNamePrefix(patientName.slice(0, NARROW_PREFIX_LENGTH), counts),
  nameBroad: ({ patientName }, counts) =>
    byNamePrefix(patientName.slice(0, BROAD_PREFIX_LENGTH), counts),
  newest: (_, { studyCount }) => {
    const resultCount = Math.min(NEWEST_RESULTS, studyCount);
    const path = `/studies?limit=${resultCount}`;
    return { path, resultCount, countedTag: STUDY_INSTANCE_UID };
  },
};

function byNamePrefix(prefix: string, counts: StudyCounts): Search {
  return studySearch(`PatientName=${prefix}*`, counts.ofNamePrefix(prefix));
}

/** QIDO-RS searches for studies among the generated ones, one at a time: quiet, and while instances are stored. */
export function largeCases(scale: Scale): readonly BenchCase[] {
  const quiet = Object.entries(SEARCHES).map(([name, makeSearch]) =>
    readingCase({
      transaction: 'large',
      name: `${name} of ${scale.generatedStudyCount}`,
      concurrency: 1,
      needs: ['generated'],
      examineEvery: 1,
      prepare: ({ corpora: { generated } }) => {
        const counts = countsOf(generated);
        const operations = Array.from({ length: SEARCH_COUNT }, (_, number) => {
          const index = hashedIndex(SEED, number, generated.shape.studyCount);
          return searchOperation(makeSearch(planStudy(generated.plan, index), counts));
        });
        return (operation) => operations[operation % SEARCH_COUNT]!;
      },
    }),
  );
  return [...quiet, ...quiet.map(whileIngesting)];
}

function whileIngesting(benchCase: BenchCase, caseNumber: number): BenchCase {
  return {
    ...benchCase,
    name: `${benchCase.name}, while ingesting`,
    run: async (target, repetition) => {
      const ingestNumber = FIRST_INGEST_NUMBER + caseNumber * REPETITIONS_MAX + repetition;
      const ingest = startIngest(target.peer, ingestNumber);
      try {
        return await benchCase.run(target, repetition);
      } finally {
        await ingest.stop();
      }
    },
  };
}

/** Stores one request after another until it is told to stop; a request that fails makes `stop` throw. */
function startIngest(peer: RunningPeer, ingestNumber: number): { stop(): Promise<void> } {
  const corpus = makeIngestCorpus('tiny', ingestNumber, INGEST_INSTANCES_MAX);
  const connection = new HttpConnection(peer.httpPort);
  let isStopping = false;
  const ingest = async (): Promise<void> => {
    for (let next = 0; !isStopping && next < corpus.instanceCount; next += INGEST_PER_REQUEST) {
      const instances = Array.from({ length: INGEST_PER_REQUEST }, (_, n) =>
        corpus.instance(next + n),
      );
      await storeInstances(connection, peer, instances);
    }
  };
  const ingesting = ingest().finally(() => connection.close());
  ingesting.catch(() => undefined);
  return {
    stop: () => {
      isStopping = true;
      return ingesting;
    },
  };
}

const countsByCorpus = new WeakMap<Corpus, StudyCounts>();

function countsOf(corpus: Corpus): StudyCounts {
  let counts = countsByCorpus.get(corpus);
  if (counts === undefined) {
    counts = new StudyCounts(corpus, [NARROW_PREFIX_LENGTH, BROAD_PREFIX_LENGTH]);
    countsByCorpus.set(corpus, counts);
  }
  return counts;
}
