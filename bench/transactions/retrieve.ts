import type { ReadCorpusName } from '../corpus/corpora.js';
import type { Corpus } from '../corpus/corpus.js';
import { hashedIndex } from '../corpus/random-source.js';
import type { BenchCase } from './bench-case.js';
import { firstPart } from './multipart-answer.js';
import { type ReadOperation, readingCase } from './reading-case.js';

const ACCEPT_DICOM = 'multipart/related; type="application/dicom"; transfer-syntax=*';
const EXAMINE_EVERY = 16;
const SEED = 47;

/** Instance and series retrieve as stored (PS3.18 §10.4). */
export function retrieveCases(): readonly BenchCase[] {
  const common = { transaction: 'retrieve', examineEvery: EXAMINE_EVERY } as const;
  return [1, 8].flatMap((concurrency) => [
    instanceCase('instance 512 KiB', 'ct', concurrency),
    instanceCase('instance 10 KiB', 'tiny', concurrency),
    readingCase({
      ...common,
      name: 'series',
      concurrency,
      needs: ['ct'],
      prepare:
        ({ corpora }) =>
        (operation) =>
          readSeries(corpora.ct, operation),
    }),
  ]);
}

function instanceCase(name: string, corpusName: ReadCorpusName, concurrency: number): BenchCase {
  return readingCase({
    transaction: 'retrieve',
    name,
    concurrency,
    needs: [corpusName],
    examineEvery: EXAMINE_EVERY,
    prepare: ({ corpora }) => {
      const corpus = corpora[corpusName];
      return (operation) => {
        const instance = corpus.instance(hashedIndex(SEED, operation, corpus.instanceCount));
        const { header, pixelData } = instance;
        return {
          path: `/studies/${instance.studyInstanceUid}/series/${instance.seriesInstanceUid}/instances/${instance.sopInstanceUid}`,
          accept: ACCEPT_DICOM,
          bodyBytesMin: header.length + pixelData.length,
          examine: (response) =>
            firstPart(response).equals(Buffer.concat([header, pixelData]))
              ? undefined
              : 'instance differs from what was sent',
        };
      };
    },
  });
}

/** The series is checked by its length alone: servers may send its instances in any order. */
function readSeries(corpus: Corpus, operation: number): ReadOperation {
  const { instancesPerSeries } = corpus.shape;
  const seriesCount = corpus.instanceCount / instancesPerSeries;
  const first = hashedIndex(SEED, operation, seriesCount) * instancesPerSeries;
  const { studyInstanceUid, seriesInstanceUid, header, pixelData } = corpus.instance(first);
  return {
    path: `/studies/${studyInstanceUid}/series/${seriesInstanceUid}`,
    accept: ACCEPT_DICOM,
    bodyBytesMin: instancesPerSeries * (header.length + pixelData.length),
    examine: () => undefined,
  };
}
