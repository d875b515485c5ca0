import type { ReadCorpusName } from '../corpus/corpora.js';
import type { BenchCase } from './bench-case.js';
import { sendCorpus } from './stow-ingest.js';
import { storeCorpus } from './store-corpus.js';

const LABELS: Readonly<Record<ReadCorpusName, string>> = {
  ct: 'STOW corpus of 512 KiB CT, 20/request',
  tiny: 'STOW corpus of 10 KiB, 20/request',
  multiFrame: 'STOW multi-frame instance, 1/request',
  jpegLsCt: 'STOW corpus of JPEG-LS CT, 20/request',
  rleCt: 'STOW corpus of RLE CT, 20/request',
  jpeg2000Ct: 'STOW corpus of JPEG 2000 CT, 20/request',
  htj2kCt: 'STOW corpus of HTJ2K CT, 20/request',
  jpegLsMultiFrame: 'STOW multi-frame JPEG-LS, 1/request',
  jpeg2000MultiFrame: 'STOW multi-frame JPEG 2000, 1/request',
  generated: 'STOW studies of one tiny image, 20/request',
  longSeries: 'STOW long series of tiny images, 20/request',
  manyFrames: 'STOW many small JPEG-LS frames, 1/request',
};
const LOAD_DURATION_MAX_MS = 600_000;
const PDU_LENGTH_MAX_BYTES = 128 * 1024;

/**
 * The case that puts a reading corpus into a peer; it runs once per peer, without warm-up and to its end. A peer without HTTP gets
 * the instances one by one, by C-STORE.
 */
export function loadCorpusCase(corpusName: ReadCorpusName): BenchCase {
  const isMultiFrame =
    corpusName === 'manyFrames' || corpusName.toLowerCase().endsWith('multiframe');
  const perRequest = isMultiFrame ? 1 : 20;
  const concurrency = isMultiFrame ? 1 : 4;
  return {
    transaction: 'load',
    name: LABELS[corpusName],
    concurrency,
    unit: 'instances',
    needs: [],
    run: async ({ peer, corpora }) => {
      const corpus = corpora[corpusName];
      await corpus.prepare();
      if (peer.dicomWebPath === '') {
        const bounds = {
          operationsMax: corpus.instanceCount,
          durationMaxMs: LOAD_DURATION_MAX_MS,
          warmUpOperations: 0,
        };
        const pduLengthMaxBytes = PDU_LENGTH_MAX_BYTES;
        // One at a time: processes of dcmqrscp that write its index at once refuse an instance now and then.
        return storeCorpus(peer, corpus, { concurrency: 1, pduLengthMaxBytes, bounds });
      }
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
