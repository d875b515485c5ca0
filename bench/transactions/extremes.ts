import { hashedIndex } from '../corpus/random-source.js';
import type { Scale } from '../run-scale.js';
import type { BenchCase, BenchTarget } from './bench-case.js';
import { largeUploadCases } from './large-upload.js';
import { metadataOperation } from './metadata.js';
import { firstPart } from './multipart-answer.js';
import { type ReadOperation, readingCase } from './reading-case.js';
import { slowClientsCase } from './slow-clients.js';
import { slowReaderCase } from './slow-reader.js';

const EXAMINE_EVERY = 16;
const SEED = 83;
/** As many as a few viewers of slides open together. */
const STORM_CONNECTIONS = 64;
const ACCEPT_AS_STORED = 'multipart/related; type="application/octet-stream"; transfer-syntax=*';
/** SOI and the SOF of JPEG-LS. */
const CODESTREAM_HEAD = Buffer.from([0xff, 0xd8, 0xff]);

/** What is far larger than usual, or far slower: it must cost no more than its size, and no memory. */
export function extremesCases(scale: Scale): readonly BenchCase[] {
  return [
    ...[1, 8, STORM_CONNECTIONS].map((concurrency) => randomFrameCase(scale, concurrency)),
    ...[false, true].flatMap((acceptsGzip) =>
      [true, false].map((isFirstByteTimed) => longSeriesCase(scale, acceptsGzip, isFirstByteTimed)),
    ),
    slowClientsCase(),
    slowReaderCase(scale),
    ...largeUploadCases(scale),
  ];
}

function longSeriesCase(scale: Scale, acceptsGzip: boolean, isFirstByteTimed: boolean): BenchCase {
  const encoding = acceptsGzip ? ', gzip' : '';
  const timed = isFirstByteTimed ? ', first byte' : '';
  return readingCase({
    isFirstByteTimed,
    transaction: 'extremes',
    name: `metadata of ${scale.longSeriesInstanceCount} instances${encoding}${timed}`,
    concurrency: 1,
    needs: ['longSeries'],
    examineEvery: EXAMINE_EVERY,
    prepare:
      ({ corpora }) =>
      () =>
        metadataOperation(corpora.longSeries, { study: 0, series: 1, acceptsGzip }),
  });
}

function randomFrameCase(scale: Scale, concurrency: number): BenchCase {
  return readingCase({
    transaction: 'extremes',
    name: `random frame of ${scale.manyFramesCount}, as stored`,
    concurrency,
    needs: ['manyFrames'],
    examineEvery: EXAMINE_EVERY,
    prepare: (target) => (operation) =>
      frameAsStored(target, hashedIndex(SEED, operation, scale.manyFramesCount)),
  });
}

function frameAsStored({ corpora }: BenchTarget, frameIndex: number): ReadOperation {
  const { studyInstanceUid, seriesInstanceUid, sopInstanceUid } = corpora.manyFrames.instance(0);
  return {
    path: `/studies/${studyInstanceUid}/series/${seriesInstanceUid}/instances/${sopInstanceUid}/frames/${frameIndex + 1}`,
    accept: ACCEPT_AS_STORED,
    bodyBytesMin: CODESTREAM_HEAD.length,
    examine: (response) =>
      firstPart(response).subarray(0, CODESTREAM_HEAD.length).equals(CODESTREAM_HEAD)
        ? undefined
        : 'no codestream of JPEG-LS',
  };
}
