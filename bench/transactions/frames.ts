import type { Corpus } from '../corpus/corpus.js';
import { hashedIndex } from '../corpus/random-source.js';
import type { Scale } from '../run-scale.js';
import type { BenchCase } from './bench-case.js';
import { frameOperation } from './frame-operation.js';
import { type ReadOperation, readingCase } from './reading-case.js';

const EXAMINE_EVERY = 16;
const SEED = 41;

/** Frame retrieve in the stored transfer syntax (PS3.18 §10.4). */
export function framesCases(scale: Scale): readonly BenchCase[] {
  const common = { transaction: 'frames', examineEvery: EXAMINE_EVERY } as const;
  return [1, 8].flatMap((concurrency) => [
    readingCase({
      ...common,
      name: 'frame 1 of CT',
      concurrency,
      needs: ['ct'],
      prepare:
        ({ corpora }) =>
        (operation) =>
          readFrame(corpora.ct, hashedIndex(SEED, operation, corpora.ct.instanceCount), 0),
    }),
    readingCase({
      ...common,
      name: `random frame of ${scale.multiFrameCount}-frame raw`,
      concurrency,
      needs: ['multiFrame'],
      prepare:
        ({ corpora }) =>
        (operation) =>
          readFrame(corpora.multiFrame, 0, hashedIndex(SEED, operation, scale.multiFrameCount)),
    }),
  ]);
}

function readFrame(corpus: Corpus, instanceIndex: number, frameIndex: number): ReadOperation {
  const { frameBytes } = corpus;
  const { pixelData } = corpus.instance(instanceIndex);
  const expected = pixelData.subarray(frameIndex * frameBytes, (frameIndex + 1) * frameBytes);
  return frameOperation(corpus.instance(instanceIndex), frameIndex, expected);
}
