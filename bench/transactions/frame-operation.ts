import type { CorpusInstance } from '../corpus/corpus.js';
import { firstPart } from './multipart-answer.js';
import type { ReadOperation } from './reading-case.js';

const ACCEPT_FRAME = 'multipart/related; type="application/octet-stream"';

/** Retrieves a frame in little endian, the default (PS3.18 §8.7.3.4), which must hold `expected`; `frameIndex` counts from 0. */
export function frameOperation(
  { studyInstanceUid, seriesInstanceUid, sopInstanceUid }: CorpusInstance,
  frameIndex: number,
  expected: Buffer,
): ReadOperation {
  return {
    path: `/studies/${studyInstanceUid}/series/${seriesInstanceUid}/instances/${sopInstanceUid}/frames/${frameIndex + 1}`,
    accept: ACCEPT_FRAME,
    bodyBytesMin: expected.length,
    examine: (response) =>
      firstPart(response).equals(expected) ? undefined : 'frame differs from what was sent',
  };
}
