import { connect } from 'node:net';

import { driveClosedLoop, type OperationYield } from '../harness/closed-loop.js';
import type { RunningPeer } from '../peers/peer.js';
import type { Scale } from '../run-scale.js';
import type { BenchCase } from './bench-case.js';

/** Far below what a server can send, so that it has to wait. */
const BYTES_PER_SECOND = 64 * 1024 * 1024;
const TICK_MS = 20;
const DURATION_MAX_MS = 120_000;
const ACCEPT_FRAMES =
  'multipart/related; type="application/octet-stream"; transfer-syntax=1.2.840.10008.1.2.1';
const HEAD_END = '\r\n\r\n';

/** One client takes frames, over and over those of one instance, in a single response that it reads slowly. */
export function slowReaderCase(scale: Scale): BenchCase {
  const { slowReadFrameCount, multiFrameCount } = scale;
  const frames = Array.from({ length: slowReadFrameCount }, (_, n) => (n % multiFrameCount) + 1);
  return {
    transaction: 'extremes',
    name: `${slowReadFrameCount} frames of 512 KiB, read at 64 MiB/s`,
    concurrency: 1,
    unit: 'requests',
    needs: ['multiFrame'],
    run: ({ peer, corpora: { multiFrame } }) => {
      const { studyInstanceUid, seriesInstanceUid, sopInstanceUid } = multiFrame.instance(0);
      const path = `/studies/${studyInstanceUid}/series/${seriesInstanceUid}/instances/${sopInstanceUid}/frames/${frames.join()}`;
      const bytesMin = slowReadFrameCount * multiFrame.frameBytes;
      const read = (): Promise<OperationYield> => readSlowly(peer, path, bytesMin);
      return driveClosedLoop([read], {
        operationsMax: 1,
        durationMaxMs: DURATION_MAX_MS,
        warmUpOperations: 0,
      });
    },
  };
}

/** Rejects when the answer is not 200, or is not as long as it says and `bytesMin`. */
function readSlowly(peer: RunningPeer, path: string, bytesMin: number): Promise<OperationYield> {
  return new Promise((resolve, reject) => {
    const socket = connect(peer.httpPort, '127.0.0.1');
    const startedMs = performance.now();
    let head = '';
    let bodyBytes = 0;
    let length: number | undefined;
    const tick = setInterval(() => {
      if (bodyBytes < ((performance.now() - startedMs) / 1000) * BYTES_PER_SECOND) socket.resume();
    }, TICK_MS);
    const end = (error?: Error): void => {
      clearInterval(tick);
      socket.destroy();
      if (error === undefined) resolve({ units: 1, bytes: bodyBytes });
      else reject(error);
    };
    socket.on('error', end);
    socket.on('close', () => end(new Error('the server closed the connection')));
    socket.on('data', (chunk: Buffer) => {
      if (length === undefined) {
        head += chunk.toString('latin1');
        const headEnd = head.indexOf(HEAD_END);
        if (headEnd === -1) return;
        bodyBytes = head.length - headEnd - HEAD_END.length;
        length = Number(/\r\ncontent-length: *(\d+)/i.exec(head.slice(0, headEnd))?.[1] ?? 0);
        if (!head.includes(' 200 ') || length < bytesMin) end(new Error('answer is too short'));
      } else {
        bodyBytes += chunk.length;
      }
      if (bodyBytes === length) end();
      else if (bodyBytes > ((performance.now() - startedMs) / 1000) * BYTES_PER_SECOND)
        socket.pause();
    });
    socket.write(
      `GET ${peer.dicomWebPath}${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: ${ACCEPT_FRAMES}\r\n\r\n`,
    );
  });
}
