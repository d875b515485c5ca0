import { hashedIndex } from '../corpus/random-source.js';
import { planStudy } from '../corpus/study-plan.js';
import { STUDY_ROOT_MOVE } from '../harness/query-command.js';
import { findDcmtkVersion } from '../peers/dcmtk-process.js';
import { withMoveSink } from '../peers/move-sink.js';
import type { Scale } from '../run-scale.js';
import type { BenchCase } from './bench-case.js';
import { queryCase } from './query-case.js';

const SEED = 61;

/** C-MOVE of whole studies (PS3.4 Annex C.4.2) to DCMTK's storescp, which drops them. Every sub-operation is counted. */
export function cmoveCases({ name: scaleName }: Scale): readonly BenchCase[] {
  if (findDcmtkVersion('storescp') === undefined) {
    process.stderr.write('cmove is left out: install the package dcmtk\n');
    return [];
  }
  const concurrencies = scaleName === 'tiny' ? [4] : [1, 4];
  return (['ct', 'tiny'] as const).flatMap((kind) =>
    concurrencies.map((concurrency) => {
      const benchCase = queryCase({
        transaction: 'cmove',
        name: `C-MOVE ${kind === 'ct' ? '512 KiB CT' : '10 KiB'}`,
        concurrency,
        unit: 'instances',
        needs: [kind],
        sopClassUid: STUDY_ROOT_MOVE,
        prepare: ({ corpora, peer }) => {
          const corpus = corpora[kind];
          const { plan, shape } = corpus;
          const count = shape.seriesPerStudy * shape.instancesPerSeries;
          const { header, pixelData } = corpus.instance(0);
          return (operation) => {
            const index = hashedIndex(SEED, operation, shape.studyCount);
            const { studyInstanceUid } = planStudy(plan, index);
            return {
              query: {
                keys: [[0x0020000d, 'UI', studyInstanceUid]],
                moveDestination: peer.moveDestination.aeTitle,
              },
              units: count,
              bytes: count * (header.length + pixelData.length),
              count,
            };
          };
        },
      });
      return {
        ...benchCase,
        bindsEveryInterface: true,
        run: (target, repetition) =>
          withMoveSink(target.peer.moveDestination, () => benchCase.run(target, repetition)),
      } satisfies BenchCase;
    }),
  );
}
