import type { ReadCorpusName } from '../corpus/corpora.js';
import type { BenchCase } from './bench-case.js';
import { sendCorpus } from './stow-ingest.js';

const LABELS: Readonly<Record<ReadCorpusName, string>> = {
  ct: 'STOW corpus of 512 KiB CT, 20/request',
  tiny: 'STOW corpus of 10 KiB, 20/request',
  multiFrame: 'STOW multi-frame instance, 1/request',
  generated: 'STOW studies of one tiny image, 20/request',
};
const LOAD_DURATION_MAX_MS = 600_000;

/** The case that puts a reading corpus into a peer; it runs once per peer, without warm-up and to its end. */
export function loadCorpusCase(corpusName: ReadCorpusName): BenchCase {
  const isMultiFrame = corpusName === 'multiFrame';
  const perRequest = isMultiFrame ? 1 : 20;
  const concurrency = isMultiFrame ? 1 : 4;
  return {
    transaction: 'load',
    name: LABELS[corpusName],
    concurrency,
    unit: 'instances',
    needs: [],
    run: ({ peer, corpora }) => {
      const corpus = corpora[corpusName];
      return sendCorpus(peer, corpus, {
        perRequest,
        concurrency,
        operationCount: Math.ceil(corpus.instanceCount / perRequest),
        warmUpOperations: 0,
        durationMaxMs: LOAD_DURATION_MAX_MS,
      });
    },
  };
}
