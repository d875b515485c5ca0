import { makeIngestCorpus } from '../corpus/corpora.js';
import { driveClosedLoop, type Operate } from '../harness/closed-loop.js';
import { DicomScu } from '../harness/dicom-scu.js';
import type { Scale } from '../run-scale.js';
import type { BenchCase } from './bench-case.js';
import { verifyStored } from './verify-stored.js';

interface Shape {
  readonly kind: 'ct' | 'tiny';
  readonly concurrency: number;
  readonly pduKib: 16 | 128;
}

const CONCURRENCIES = [1, 4, 16, 64];
/** An image of 10 KiB fits into one PDU of either size. */
const SHAPES: readonly Shape[] = [
  ...CONCURRENCIES.map((concurrency) => ({ kind: 'ct', concurrency, pduKib: 128 }) as const),
  ...CONCURRENCIES.map((concurrency) => ({ kind: 'ct', concurrency, pduKib: 16 }) as const),
  ...CONCURRENCIES.map((concurrency) => ({ kind: 'tiny', concurrency, pduKib: 128 }) as const),
];
/** As a test of the answers, one of each kind. */
const TINY_SHAPES: readonly Shape[] = [
  { kind: 'ct', concurrency: 4, pduKib: 128 },
  { kind: 'ct', concurrency: 1, pduKib: 16 },
  { kind: 'tiny', concurrency: 4, pduKib: 128 },
];
const FIRST_INGEST_NUMBER = 400;
const REPETITIONS_MAX = 20;
const TINY_PER_CT_INSTANCE = 5;

/** C-STORE over several associations, each with one operation under way. */
export function cstoreIngestCases(scale: Scale): readonly BenchCase[] {
  const shapes = scale.name === 'tiny' ? TINY_SHAPES : SHAPES;
  return shapes.map(({ kind, concurrency, pduKib }, shapeIndex) => ({
    transaction: 'cstore',
    name: `C-STORE ${kind === 'ct' ? '512 KiB CT' : '10 KiB'}${pduKib === 16 ? ', PDU 16 KiB' : ''}`,
    concurrency,
    unit: 'instances',
    needs: [],
    run: async ({ peer }, repetition) => {
      const perCt = kind === 'tiny' ? TINY_PER_CT_INSTANCE : 1;
      const operationsMax = scale.ingestInstanceCount * perCt;
      const ingestNumber = FIRST_INGEST_NUMBER + shapeIndex * REPETITIONS_MAX + repetition;
      const corpus = makeIngestCorpus(kind, ingestNumber, operationsMax + concurrency);
      const associations = await Promise.all(
        Array.from({ length: concurrency }, () =>
          DicomScu.associate({
            port: peer.dimsePort,
            calledAeTitle: peer.aeTitle,
            callingAeTitle: 'BENCH',
            sopClassUids: [corpus.instance(0).sopClassUid],
            pduLengthMaxBytes: pduKib * 1024,
          }),
        ),
      );
      const clients = associations.map((association): Operate => async (operation) => {
        const instance = corpus.instance(operation);
        const status = await association.store(instance);
        if (status !== 0) throw new Error(`C-STORE status 0x${status.toString(16)}`);
        return { units: 1, bytes: instance.header.length + instance.pixelData.length };
      });
      const result = await driveClosedLoop(clients, {
        operationsMax,
        durationMaxMs: scale.cellDurationMaxMs,
        warmUpOperations: concurrency,
      });
      await Promise.all(associations.map((association) => association.release()));
      return verifyStored(peer, corpus, result.units, result);
    },
  }));
}
