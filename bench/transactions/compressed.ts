import type { ReadCorpusName } from '../corpus/corpora.js';
import type { Corpus } from '../corpus/corpus.js';
import { hashedIndex } from '../corpus/random-source.js';
import type { HttpResponse } from '../harness/http-response-reader.js';
import type { Scale } from '../run-scale.js';
import type { BenchCase, BenchTarget } from './bench-case.js';
import { frameOperation } from './frame-operation.js';
import { type ReadOperation, readingCase } from './reading-case.js';
import { withBackgroundReads } from './background-reads.js';

const EXAMINE_EVERY = 16;
const SEED = 53;
/** Has no divisor in common with the number of frames, so that each has its turn before any comes again. */
const FRAME_STRIDE = 37;
/** As many as keep every codec thread of a small machine busy. */
const TRANSCODING_CLIENTS = 4;
const ACCEPT_LITTLE_ENDIAN =
  'multipart/related; type="application/dicom"; transfer-syntax=1.2.840.10008.1.2.1';

const SINGLE_FRAMES: readonly (readonly [ReadCorpusName, string])[] = [
  ['jpegLsCt', 'JPEG-LS'],
  ['rleCt', 'RLE'],
  ['jpeg2000Ct', 'JPEG 2000'],
  ['htj2kCt', 'HTJ2K'],
];
const MULTI_FRAMES: readonly (readonly [ReadCorpusName, string])[] = [
  ['jpegLsMultiFrame', 'JPEG-LS'],
  ['jpeg2000MultiFrame', 'JPEG 2000'],
];

/**
 * Frames and studies that are stored compressed, retrieved in little endian. Frames are asked for in turn, so that no cache of
 * decoded ones answers; only where they are all of one instance, as of a reader who goes back and forth in it, a cache may.
 */
export function compressedCases(scale: Scale): readonly BenchCase[] {
  const common = {
    transaction: 'compressed',
    concurrency: 8,
    examineEvery: EXAMINE_EVERY,
  } as const;
  return [
    ...SINGLE_FRAMES.map(([corpusName, codec]) =>
      readingCase({
        ...common,
        name: `${codec} CT frame to little endian`,
        needs: [corpusName],
        prepare:
          ({ corpora }) =>
          (operation) =>
            readInTurn(corpora[corpusName], operation),
      }),
    ),
    ...MULTI_FRAMES.flatMap(([corpusName, codec]) => [
      readingCase({
        ...common,
        name: `frame of ${scale.multiFrameCount}-frame ${codec} to little endian`,
        needs: [corpusName],
        prepare:
          ({ corpora }) =>
          (operation) =>
            readAcross(corpora[corpusName], operation),
      }),
      readingCase({
        ...common,
        name: `random frame of one ${scale.multiFrameCount}-frame ${codec} to little endian`,
        needs: [corpusName],
        prepare:
          ({ corpora }) =>
          (operation) =>
            readWithin(corpora[corpusName], operation),
      }),
    ]),
    studyCase(scale),
    frameWhileTranscodingCase(),
  ];
}

/** The first frame of one instance after another. */
function readInTurn(corpus: Corpus, operation: number): ReadOperation {
  const index = operation % corpus.instanceCount;
  return frameOperation(corpus.instance(index), 0, corpus.nativeFrame(index, 0));
}

/** One frame after another, far from each other. */
function readAcross(corpus: Corpus, operation: number): ReadOperation {
  const { frameCount } = corpus.shape.image;
  const n = (operation * FRAME_STRIDE) % (corpus.instanceCount * frameCount);
  const [index, frame] = [Math.floor(n / frameCount), n % frameCount];
  return frameOperation(corpus.instance(index), frame, corpus.nativeFrame(index, frame));
}

/** Any frame of the last instance. */
function readWithin(corpus: Corpus, operation: number): ReadOperation {
  const index = corpus.instanceCount - 1;
  const frame = hashedIndex(SEED, operation, corpus.shape.image.frameCount);
  return frameOperation(corpus.instance(index), frame, corpus.nativeFrame(index, frame));
}

/** A study in another transfer syntax; its latency is the time until it begins. */
function studyCase(scale: Scale): BenchCase {
  return readingCase({
    transaction: 'compressed',
    name: `study of ${scale.compressedInstanceCount} JPEG 2000 to little endian, time to first byte`,
    concurrency: 1,
    needs: ['jpeg2000Ct'],
    examineEvery: 1,
    isFirstByteTimed: true,
    prepare:
      ({ corpora: { jpeg2000Ct } }) =>
      () => ({
        path: `/studies/${jpeg2000Ct.instance(0).studyInstanceUid}`,
        accept: ACCEPT_LITTLE_ENDIAN,
        bodyBytesMin: jpeg2000Ct.instanceCount * jpeg2000Ct.frameBytes,
        examine: (response) => examineStudy(response, jpeg2000Ct),
      }),
  });
}

/** Servers may send instances in any order: whether each pattern is in there says enough. */
function examineStudy({ body }: HttpResponse, corpus: Corpus): string | undefined {
  const isThere = [0, 1, 2, 3].every((index) => body.includes(corpus.nativeFrame(index, 0)));
  return isThere ? undefined : 'the study does not hold the frames that were sent';
}

/** What a viewer of native images feels of others who keep the codecs busy. */
function frameWhileTranscodingCase(): BenchCase {
  const reading = readingCase({
    transaction: 'compressed',
    name: `native CT frame while ${TRANSCODING_CLIENTS} clients have JPEG 2000 decoded`,
    concurrency: 1,
    needs: ['ct', 'jpeg2000Ct'],
    examineEvery: EXAMINE_EVERY,
    prepare: ({ corpora: { ct } }) => {
      return (operation) => {
        const index = hashedIndex(SEED, operation, ct.instanceCount);
        const instance = ct.instance(index);
        return frameOperation(instance, 0, instance.pixelData);
      };
    },
  });
  const readJpeg2000 = ({ corpora }: BenchTarget, operation: number): ReadOperation =>
    readInTurn(corpora.jpeg2000Ct, operation);
  return {
    ...reading,
    run: (target, repetition) =>
      withBackgroundReads(
        target.peer,
        { clients: TRANSCODING_CLIENTS, operationOf: (n) => readJpeg2000(target, n) },
        () => reading.run(target, repetition),
      ),
  };
}
