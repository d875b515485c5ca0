import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { makeIngestCorpus } from '../corpus/corpora.js';
import type { CorpusInstance } from '../corpus/corpus.js';
import { driveClosedLoop, type OperationYield } from '../harness/closed-loop.js';
import type { RunningPeer } from '../peers/peer.js';
import type { BenchCase } from './bench-case.js';
import { storeBody, storeHeaderLines } from './stow-request.js';

const UPLOAD_COUNT = 64;
/** 320 KiB a second: each image of 512 KiB takes more than a second and a half. */
const PIECE_BYTES = 16 * 1024;
const PIECE_INTERVAL_MS = 50;
/** Apart from the numbers of the other cases that store. */
const FIRST_INGEST_NUMBER = 3000;
const DURATION_MAX_MS = 120_000;

/** 64 images that arrive slowly at the same time, while one client reads an instance and stops in the middle. */
export function slowClientsCase(): BenchCase {
  return {
    transaction: 'extremes',
    name: `${UPLOAD_COUNT} slow uploads and a reader that stops`,
    concurrency: UPLOAD_COUNT,
    unit: 'instances',
    needs: ['multiFrame'],
    run: async ({ peer, corpora }, repetition) => {
      const corpus = makeIngestCorpus('ct', FIRST_INGEST_NUMBER + repetition, UPLOAD_COUNT);
      const stopped = readAndStop(peer, corpora.multiFrame.instance(0));
      const upload = (number: number): Promise<OperationYield> =>
        uploadSlowly(peer, corpus.instance(number));
      const clients = Array.from({ length: UPLOAD_COUNT }, () => upload);
      const result = await driveClosedLoop(clients, {
        operationsMax: UPLOAD_COUNT,
        durationMaxMs: DURATION_MAX_MS,
        warmUpOperations: 0,
      });
      stopped();
      return result;
    },
  };
}

/** Asks for an instance and reads what one event brings of it; the function returned closes the connection. */
function readAndStop(peer: RunningPeer, instance: CorpusInstance): () => void {
  const { studyInstanceUid, seriesInstanceUid, sopInstanceUid } = instance;
  const path = `${peer.dicomWebPath}/studies/${studyInstanceUid}/series/${seriesInstanceUid}/instances/${sopInstanceUid}`;
  const socket = connect(peer.httpPort, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.once('data', () => socket.pause());
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: multipart/related; type="application/dicom"; transfer-syntax=*\r\n\r\n`,
  );
  return () => socket.destroy();
}

/**
 * Sends one instance piece by piece.
 *
 * @throws Error when it is not stored
 */
async function uploadSlowly(peer: RunningPeer, instance: CorpusInstance): Promise<OperationYield> {
  const body = Buffer.concat(storeBody([instance]));
  const socket = connect(peer.httpPort, '127.0.0.1');
  const answered = new Promise<string>((resolve, reject) => {
    socket.once('data', (bytes) => resolve(bytes.toString('latin1', 0, 64)));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the server closed the connection')));
  });
  answered.catch(() => undefined);
  const head = [
    `POST ${peer.dicomWebPath}/studies HTTP/1.1`,
    'Host: 127.0.0.1',
    ...storeHeaderLines,
    `Content-Length: ${body.length}`,
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  for (let at = 0; at < body.length; at += PIECE_BYTES) {
    socket.write(body.subarray(at, at + PIECE_BYTES));
    await delay(PIECE_INTERVAL_MS);
  }
  const statusLine = (await answered).split('\r\n', 1)[0]!;
  socket.destroy();
  if (!statusLine.includes(' 200 ')) throw new Error(`STOW answered ${statusLine}`);
  return { units: 1, bytes: body.length };
}
