import { makeIngestCorpus } from '../corpus/corpora.js';
import type { Corpus } from '../corpus/corpus.js';
import { driveClosedLoop, type LoadResult } from '../harness/closed-loop.js';
import { HttpConnection } from '../harness/http-connection.js';
import type { RunningPeer } from '../peers/peer.js';
import type { Scale } from '../run-scale.js';
import type { BenchCase } from './bench-case.js';
import { storeInstances } from './stow-request.js';
import { verifyStored } from './verify-stored.js';

interface StowShape {
  readonly kind: 'ct' | 'tiny';
  readonly perRequest: number;
  readonly concurrency: number;
}

const SHAPES: readonly StowShape[] = [
  { kind: 'ct', perRequest: 20, concurrency: 4 },
  { kind: 'ct', perRequest: 20, concurrency: 1 },
  { kind: 'ct', perRequest: 1, concurrency: 1 },
  { kind: 'ct', perRequest: 1, concurrency: 4 },
  { kind: 'ct', perRequest: 1, concurrency: 16 },
  { kind: 'tiny', perRequest: 20, concurrency: 4 },
  { kind: 'tiny', perRequest: 1, concurrency: 4 },
];
/** Distance between the ingest numbers of two cases: room for their repetitions. */
const REPETITIONS_MAX = 20;
const TINY_PER_CT_INSTANCE = 5;

/** STOW-RS of 512 KiB CT images and of 10 KiB images. */
export function stowIngestCases(scale: Scale): readonly BenchCase[] {
  return SHAPES.map((shape, shapeIndex) => {
    const { kind, perRequest, concurrency } = shape;
    const instanceCount = scale.ingestInstanceCount * (kind === 'tiny' ? TINY_PER_CT_INSTANCE : 1);
    return {
      transaction: 'stow',
      name: `STOW ${kind === 'ct' ? '512 KiB CT' : '10 KiB'}, ${perRequest}/request`,
      concurrency,
      unit: 'instances',
      needs: [],
      run: async ({ peer }, repetition) => {
        const operationCount = Math.ceil(instanceCount / perRequest);
        const ingestNumber = shapeIndex * REPETITIONS_MAX + repetition;
        const sentCount = (operationCount + concurrency) * perRequest;
        const corpus = makeIngestCorpus(kind, ingestNumber, sentCount);
        const result = await sendCorpus(peer, corpus, {
          perRequest,
          concurrency,
          operationCount,
          warmUpOperations: concurrency,
          durationMaxMs: scale.cellDurationMaxMs,
        });
        return verifyStored(peer, corpus, result.units, result);
      },
    };
  });
}

/** How {@link sendCorpus} cuts a corpus into requests. */
export interface SendOptions {
  readonly perRequest: number;
  readonly concurrency: number;
  readonly operationCount: number;
  readonly warmUpOperations: number;
  readonly durationMaxMs: number;
}

/** Sends the instances of a corpus in order over several connections. */
export async function sendCorpus(
  peer: RunningPeer,
  corpus: Corpus,
  options: SendOptions,
): Promise<LoadResult> {
  const { perRequest } = options;
  const connections = Array.from(
    { length: options.concurrency },
    () => new HttpConnection(peer.httpPort),
  );
  const clients = connections.map((connection) => (operation: number) => {
    const first = operation * perRequest;
    const count = Math.min(perRequest, corpus.instanceCount - first);
    const instances = Array.from({ length: count }, (_, index) => corpus.instance(first + index));
    return storeInstances(connection, peer, instances);
  });
  const result = await driveClosedLoop(clients, {
    operationsMax: options.operationCount,
    durationMaxMs: options.durationMaxMs,
    warmUpOperations: options.warmUpOperations,
  });
  for (const connection of connections) connection.close();
  return result;
}
