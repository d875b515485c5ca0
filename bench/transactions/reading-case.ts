import type { ReadCorpusName } from '../corpus/corpora.js';
import { driveClosedLoop, type Operate } from '../harness/closed-loop.js';
import { HttpConnection } from '../harness/http-connection.js';
import type { HttpResponse } from '../harness/http-response-reader.js';
import type { BenchCase, BenchTarget } from './bench-case.js';

/** One request of a reading case and what its answer must be. */
export interface ReadOperation {
  /** Path and query below the DICOMweb root, with its leading slash. */
  readonly path: string;
  readonly accept: string;
  /** Whether the answer may come compressed, as viewers ask for it. */
  readonly acceptsGzip?: boolean;
  /** A shorter body is an error. */
  readonly bodyBytesMin: number;
  /** Examines an answer in full; the body is kept only when {@link ReadingCaseOptions.examineEvery} asks for it. */
  examine(response: HttpResponse): string | undefined;
}

/** A case that repeats GET requests. */
export interface ReadingCaseOptions {
  /** Takes the time until the answer begins for the latency. */
  readonly isFirstByteTimed?: boolean;
  readonly transaction: string;
  readonly name: string;
  readonly concurrency: number;
  readonly needs: readonly ReadCorpusName[];
  /** Every how many operations the body is kept and examined; the others are checked by status and length. */
  readonly examineEvery: number;
  /** Prepares a run; the function returned gives the request of an operation number. */
  readonly prepare: (target: BenchTarget) => (operationNumber: number) => ReadOperation;
}

/** Makes a case of GET requests over keep-alive connections. */
export function readingCase(options: ReadingCaseOptions): BenchCase {
  const { transaction, name, concurrency, needs } = options;
  return {
    transaction,
    name,
    concurrency,
    unit: 'requests',
    needs,
    run: async (target) => {
      const { peer, scale } = target;
      const operationOf = options.prepare(target);
      const connections = Array.from(
        { length: concurrency },
        () => new HttpConnection(peer.httpPort),
      );
      const clients = connections.map((connection): Operate => async (operationNumber) => {
        const operation = operationOf(operationNumber);
        const isExamined = operationNumber % options.examineEvery === 0;
        const startedMs = performance.now();
        let firstByteMs = 0;
        const response = await connection.request({
          method: 'GET',
          target: peer.dicomWebPath + operation.path,
          headerLines: [
            `Accept: ${operation.accept}`,
            ...(operation.acceptsGzip === true ? ['Accept-Encoding: gzip'] : []),
          ],
          keepBody: isExamined,
          onFirstByte: () => (firstByteMs = performance.now() - startedMs),
        });
        if (response.status !== 200) throw new Error(`answered ${response.status}`);
        if (response.bodyBytes < operation.bodyBytesMin) throw new Error('answer is too short');
        const problem = isExamined ? operation.examine(response) : undefined;
        if (problem !== undefined) throw new Error(problem);
        return {
          units: 1,
          bytes: response.bodyBytes,
          ...(options.isFirstByteTimed === true && { latencyMs: firstByteMs }),
        };
      });
      const result = await driveClosedLoop(clients, {
        operationsMax: scale.readOperationsMax,
        durationMaxMs: scale.cellDurationMaxMs,
        warmUpOperations: scale.warmUpOperations,
      });
      for (const connection of connections) connection.close();
      return result;
    },
  };
}
