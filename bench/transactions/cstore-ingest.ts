import { makeIngestCorpus } from '../corpus/corpora.js';
import type { Scale } from '../run-scale.js';
import type { BenchCase } from './bench-case.js';
import { storeCorpus } from './store-corpus.js';
import { verifyStored } from './verify-stored.js';

interface Shape {
  readonly kind: 'ct' | 'tiny';
  readonly concurrency: number;
  readonly pduKib: 16 | 128;
  /** Over all associations; undefined for a closed loop. */
  readonly perSecond?: number;
}

const CONCURRENCIES = [1, 4, 16, 64];
/** An image of 10 KiB fits into one PDU of either size. */
const SHAPES: readonly Shape[] = [
  ...CONCURRENCIES.map((concurrency) => ({ kind: 'ct', concurrency, pduKib: 128 }) as const),
  ...CONCURRENCIES.map((concurrency) => ({ kind: 'ct', concurrency, pduKib: 16 }) as const),
  ...CONCURRENCIES.map((concurrency) => ({ kind: 'tiny', concurrency, pduKib: 128 }) as const),
  // Sixteen modalities with five and with fifteen images a second each.
  { kind: 'ct', concurrency: 16, pduKib: 128, perSecond: 80 },
  { kind: 'ct', concurrency: 16, pduKib: 128, perSecond: 240 },
];
/** As a test of the answers, one of each kind. */
const TINY_SHAPES: readonly Shape[] = [
  { kind: 'ct', concurrency: 4, pduKib: 128 },
  { kind: 'ct', concurrency: 1, pduKib: 16 },
  { kind: 'tiny', concurrency: 4, pduKib: 128 },
  { kind: 'ct', concurrency: 4, pduKib: 128, perSecond: 80 },
];
const FIRST_INGEST_NUMBER = 400;
const REPETITIONS_MAX = 20;
const TINY_PER_CT_INSTANCE = 5;

/** C-STORE over several associations, each with one operation under way. */
export function cstoreIngestCases(scale: Scale): readonly BenchCase[] {
  const shapes = scale.name === 'tiny' ? TINY_SHAPES : SHAPES;
  return shapes.map((shape, shapeIndex) => ({
    transaction: 'cstore',
    name: nameOf(shape),
    concurrency: shape.concurrency,
    unit: 'instances',
    needs: [],
    run: async ({ peer }, repetition) => {
      const { kind, concurrency, pduKib, perSecond } = shape;
      const operationsMax =
        scale.ingestInstanceCount * (kind === 'tiny' ? TINY_PER_CT_INSTANCE : 1);
      // What runs for months is measured, not the just-in-time compilers of its first seconds.
      const isFirst = shapeIndex === 0 && repetition === 0;
      const warmUpOperations = isFirst ? operationsMax : concurrency;
      const ingestNumber = FIRST_INGEST_NUMBER + shapeIndex * REPETITIONS_MAX + repetition;
      const corpus = makeIngestCorpus(kind, ingestNumber, operationsMax + warmUpOperations);
      const result = await storeCorpus(peer, corpus, {
        concurrency,
        pduLengthMaxBytes: pduKib * 1024,
        bounds: {
          operationsMax,
          durationMaxMs: scale.cellDurationMaxMs,
          warmUpOperations,
          ...(perSecond !== undefined && { operationsPerSecond: perSecond }),
        },
      });
      return verifyStored(peer, corpus, result.units, result);
    },
  }));
}

function nameOf({ kind, pduKib, perSecond }: Shape): string {
  const image = kind === 'ct' ? '512 KiB CT' : '10 KiB';
  const pdu = pduKib === 16 ? ', PDU 16 KiB' : '';
  const rate = perSecond === undefined ? '' : `, ${perSecond}/s offered`;
  return `C-STORE ${image}${pdu}${rate}`;
}
