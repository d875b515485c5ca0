import type { LoadResult } from '../harness/closed-loop.js';
import { HttpConnection } from '../harness/http-connection.js';
import type { RunningPeer } from '../peers/peer.js';
import type { ReadOperation } from './reading-case.js';
import { requestOperation } from './request-operation.js';

/** Requests that go on while something else is measured. */
export interface BackgroundReads {
  readonly clients: number;
  operationOf(operationNumber: number): ReadOperation;
}

/** Keeps clients busy with requests while `body` runs. What goes wrong with them is added to the errors of its result. */
export async function withBackgroundReads(
  peer: RunningPeer,
  { clients, operationOf }: BackgroundReads,
  body: () => Promise<LoadResult>,
): Promise<LoadResult> {
  let isOver = false;
  let nextOperation = 0;
  const errors: string[] = [];
  const loop = async (): Promise<void> => {
    const connection = new HttpConnection(peer.httpPort);
    try {
      while (!isOver) {
        await requestOperation(connection, peer, operationOf(nextOperation++));
      }
    } finally {
      connection.close();
    }
  };
  const loops = Array.from({ length: clients }, () =>
    loop().catch((error: unknown) => errors.push(String(error))),
  );
  const result = await body();
  isOver = true;
  await Promise.all(loops);
  return {
    ...result,
    errorCount: result.errorCount + errors.length,
    errorSamples: [...result.errorSamples, ...errors],
  };
}
