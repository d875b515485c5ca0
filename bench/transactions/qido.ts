import { hashedIndex } from '../corpus/random-source.js';
import { laterDate, type PlannedStudy, planStudy, seriesUid } from '../corpus/study-plan.js';
import type { Corpus } from '../corpus/corpus.js';
import type { BenchCase } from './bench-case.js';
import { type ReadOperation, readingCase } from './reading-case.js';
import { type Search, searchOperation, studySearch } from './study-search.js';

/** Makes the search of a number; searches of different numbers ask for different things. */
type SearchMaker = (number: number) => Search;

const STUDY_INSTANCE_UID = '0020000D';
const SERIES_INSTANCE_UID = '0020000E';
const SOP_INSTANCE_UID = '00080018';
const SEED = 53;
/** Different searches of a case; their expected results are counted before the clock starts. */
const SEARCH_COUNT = 200;
const PAGE_RESULTS = 50;
const NARROW_PREFIX_LENGTH = 12;
const BROAD_PREFIX_LENGTH = 5;

/** How each case makes its searches from the corpus of many small studies. */
const SEARCHES: Readonly<Record<string, (corpus: Corpus) => SearchMaker>> = {
  uid: (corpus) => byAttribute(corpus, (study) => ['StudyInstanceUID', study.studyInstanceUid]),
  patientId: (corpus) => byAttribute(corpus, (study) => ['PatientID', study.patientId]),
  accession: (corpus) => byAttribute(corpus, (study) => ['AccessionNumber', study.accessionNumber]),
  nameNarrow: (corpus) => byNamePrefix(corpus, NARROW_PREFIX_LENGTH),
  nameBroad: (corpus) => byNamePrefix(corpus, BROAD_PREFIX_LENGTH),
  dateRange: (corpus) => byDates(corpus, 7, false),
  dateModality: (corpus) => byDates(corpus, 30, true),
  page: byPage,
  seriesInStudy: seriesOfStudy,
  instancesInSeries: instancesOfSeries,
};

/** QIDO-RS searches (PS3.18 §10.6) over many small studies. Every answer's results are counted. */
export function qidoCases(): readonly BenchCase[] {
  return [1, 8].flatMap((concurrency) =>
    Object.entries(SEARCHES).map(([name, makeSearches]) =>
      readingCase({
        transaction: 'qido',
        name,
        concurrency,
        needs: ['tiny'],
        examineEvery: 1,
        prepare: ({ corpora }) => {
          const makeSearch = makeSearches(corpora.tiny);
          const operations = Array.from({ length: SEARCH_COUNT }, (_, number) =>
            searchOperation(makeSearch(number)),
          );
          return (operation) => operations[operation % SEARCH_COUNT] as ReadOperation;
        },
      }),
    ),
  );
}

function byAttribute(
  corpus: Corpus,
  keyOf: (study: PlannedStudy) => readonly [keyword: string, value: string],
): SearchMaker {
  const studies = allStudies(corpus);
  return (number) => {
    const [keyword, value] = keyOf(pickStudy(studies, number));
    const resultCount = studies.filter((study) => keyOf(study)[1] === value).length;
    return studySearch(`${keyword}=${value}`, resultCount);
  };
}

function byNamePrefix(corpus: Corpus, prefixLength: number): SearchMaker {
  const studies = allStudies(corpus);
  return (number) => {
    const prefix = pickStudy(studies, number).patientName.slice(0, prefixLength);
    const matching = studies.filter((study) => study.patientName.startsWith(prefix));
    return studySearch(`PatientName=${prefix}*`, matching.length);
  };
}

/** Ranges that begin with the date of a study, so that each has a result. */
function byDates(corpus: Corpus, dayCount: number, withModality: boolean): SearchMaker {
  const studies = allStudies(corpus);
  return (number) => {
    const { studyDate: from, modality } = pickStudy(studies, number);
    const to = laterDate(from, dayCount - 1);
    const matching = studies.filter(
      (study) =>
        study.studyDate >= from &&
        study.studyDate <= to &&
        (!withModality || study.modality === modality),
    );
    const modalityKey = withModality ? `&ModalitiesInStudy=${modality}` : '';
    return studySearch(`StudyDate=${from}-${to}${modalityKey}`, matching.length);
  };
}

/** Pages of the whole study list, which may hold studies of other corpora too: only full pages are asked for. */
function byPage(corpus: Corpus): SearchMaker {
  const { studyCount } = corpus.shape;
  const resultCount = Math.min(PAGE_RESULTS, studyCount);
  return (number) => {
    const offset = hashedIndex(SEED, number, studyCount - resultCount + 1);
    const path = `/studies?limit=${resultCount}&offset=${offset}`;
    return { path, resultCount, countedTag: STUDY_INSTANCE_UID };
  };
}

function seriesOfStudy(corpus: Corpus): SearchMaker {
  const studies = allStudies(corpus);
  return (number) => ({
    path: `/studies/${pickStudy(studies, number).studyInstanceUid}/series`,
    resultCount: corpus.shape.seriesPerStudy,
    countedTag: SERIES_INSTANCE_UID,
  });
}

function instancesOfSeries(corpus: Corpus): SearchMaker {
  const studies = allStudies(corpus);
  return (number) => {
    const study = pickStudy(studies, number);
    return {
      path: `/studies/${study.studyInstanceUid}/series/${seriesUid(corpus.plan, study.index, 1)}/instances`,
      resultCount: corpus.shape.instancesPerSeries,
      countedTag: SOP_INSTANCE_UID,
    };
  };
}

function allStudies(corpus: Corpus): readonly PlannedStudy[] {
  return Array.from({ length: corpus.shape.studyCount }, (_, index) =>
    planStudy(corpus.plan, index),
  );
}

function pickStudy(studies: readonly PlannedStudy[], number: number): PlannedStudy {
  return studies[hashedIndex(SEED, number, studies.length)] as PlannedStudy;
}
