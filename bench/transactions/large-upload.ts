import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { hashedIndex } from '../corpus/random-source.js';
import { driveClosedLoop } from '../harness/closed-loop.js';
import { HttpConnection } from '../harness/http-connection.js';
import type { Scale } from '../run-scale.js';
import type { BenchCase } from './bench-case.js';
import { frameOperation } from './frame-operation.js';
import type { LargeSend } from './large-sender.worker.js';
import { requestOperation } from './request-operation.js';

const SEED = 97;
/** Apart from the numbers of the other cases that store. */
const FIRST_CORPUS_NUMBER = 5000;
const REPETITIONS_MAX = 20;
const UPLOAD_TIMEOUT_MS = 600_000;

/**
 * One client reads frames of a CT while another sends an instance of gigabytes as fast as it can: what counts is the latency of
 * the first, and the resident set. The sender has a thread of its own, so that the reader does not wait for it.
 */
export function largeUploadCases({ largeUploadMib }: Scale): readonly BenchCase[] {
  return (['STOW-RS', 'C-STORE'] as const).map((door, doorNumber) => ({
    transaction: 'extremes',
    name: `frame of CT while ${largeUploadMib} MiB come by ${door}`,
    concurrency: 1,
    unit: 'requests',
    needs: ['ct'],
    run: async ({ peer, corpora: { ct } }, repetition) => {
      const { httpPort, dicomWebPath, dimsePort, aeTitle } = peer;
      let isSending = true;
      const sent = send({
        door,
        peer: { httpPort, dicomWebPath, dimsePort, aeTitle },
        corpusNumber: FIRST_CORPUS_NUMBER + doorNumber * REPETITIONS_MAX + repetition,
        mebibytes: largeUploadMib,
      }).finally(() => (isSending = false));
      sent.catch(() => undefined);
      const connection = new HttpConnection(httpPort);
      const read = (operation: number): ReturnType<typeof requestOperation> => {
        const image = ct.instance(hashedIndex(SEED, operation, ct.instanceCount));
        return requestOperation(connection, peer, frameOperation(image, 0, image.pixelData));
      };
      const result = await driveClosedLoop([read], {
        operationsMax: Number.POSITIVE_INFINITY,
        durationMaxMs: UPLOAD_TIMEOUT_MS,
        warmUpOperations: 0,
        isWanted: () => isSending,
      });
      connection.close();
      await sent;
      return result;
    },
  }));
}

/** Resolves when the instance is stored; rejects with what the thread ended with. */
async function send(workerData: LargeSend): Promise<void> {
  await once(
    new Worker(new URL('large-sender.worker.js', import.meta.url), { workerData }),
    'exit',
  );
}
