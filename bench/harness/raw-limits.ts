import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writevSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

import { driveClosedLoop, type Operate } from './closed-loop.js';
import { HttpConnection } from './http-connection.js';

/** What the machine does without a server: the figure that the cells of a run are to be seen beside. */
export interface RawLimit {
  readonly name: string;
  readonly unit: string;
  readonly unitsPerSecond: number;
}

const OBJECT_BYTES = 512 * 1024;
const GROUP_OBJECTS = 20;
const CLIENT_COUNT = 8;
const WARM_UP_REQUESTS = 50;
const BYTES_MAX = 1024 * 1024 * 1024;

/**
 * Measures disk and front: appending 512 KiB to a file and syncing it, one at a time and twenty to a sync, and the HTTP library
 * serving 512 KiB from memory to the clients of this bench.
 */
export async function measureRawLimits(
  workDirectory: string,
  durationMs: number,
): Promise<readonly RawLimit[]> {
  return [
    appendLimit(workDirectory, 1, durationMs),
    appendLimit(workDirectory, GROUP_OBJECTS, durationMs),
    await frontLimit(durationMs),
  ];
}

function appendLimit(workDirectory: string, objectsPerSync: number, durationMs: number): RawLimit {
  const directory = mkdtempSync(join(workDirectory, 'limit-'));
  const fd = openSync(join(directory, 'file'), 'w');
  const object = Buffer.alloc(OBJECT_BYTES, 7);
  const group = Array.from({ length: objectsPerSync }, () => object);
  let objectCount = 0;
  const startedMs = performance.now();
  try {
    while (performance.now() - startedMs < durationMs && objectCount * OBJECT_BYTES < BYTES_MAX) {
      const written = writevSync(fd, group);
      if (written !== objectsPerSync * OBJECT_BYTES) throw new Error('the disk took only a part');
      fdatasyncSync(fd);
      objectCount += objectsPerSync;
    }
  } finally {
    closeSync(fd);
    rmSync(directory, { recursive: true });
  }
  const seconds = (performance.now() - startedMs) / 1000;
  return {
    name: `append 512 KiB, fdatasync after ${objectsPerSync}`,
    unit: 'objects',
    unitsPerSecond: objectCount / seconds,
  };
}

async function frontLimit(durationMs: number): Promise<RawLimit> {
  const server = new Worker(new URL('constant-server.worker.js', import.meta.url), {
    workerData: { bodyBytes: OBJECT_BYTES },
  });
  try {
    const [port] = (await once(server, 'message')) as [number];
    const connections = Array.from({ length: CLIENT_COUNT }, () => new HttpConnection(port));
    const clients = connections.map((connection): Operate => async () => {
      const { bodyBytes } = await connection.request({
        method: 'GET',
        target: '/',
        keepBody: false,
      });
      if (bodyBytes !== OBJECT_BYTES) throw new Error('a constant answer is too short');
      return { units: 1, bytes: bodyBytes };
    });
    const load = await driveClosedLoop(clients, {
      operationsMax: Number.MAX_SAFE_INTEGER,
      durationMaxMs: durationMs,
      warmUpOperations: WARM_UP_REQUESTS,
    });
    for (const connection of connections) connection.close();
    if (load.errorCount > 0) throw new Error(`the constant server: ${load.errorSamples.join()}`);
    return {
      name: `uWebSockets.js, 512 KiB from memory, ${CLIENT_COUNT} clients`,
      unit: 'requests',
      unitsPerSecond: load.units / (load.durationMs / 1000),
    };
  } finally {
    server.postMessage('close');
    await once(server, 'exit');
  }
}
