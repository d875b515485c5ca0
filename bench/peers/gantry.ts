import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { EventLoopDelay } from '../harness/bench-result.js';
import { HttpConnection } from '../harness/http-connection.js';
import { generateStore } from '../corpus/generate-store.js';
import {
  type GeneratedStudies,
  MOVE_DESTINATION_AE_TITLE,
  type PeerLauncher,
  type RunningPeer,
} from './peer.js';
import { findFreePort, ServerProcess } from './server-process.js';

const MAIN_FILE = fileURLToPath(new URL('../../src/main.js', import.meta.url));
const EVENT_LOOP_DELAY =
  /^gantry_event_loop_delay_seconds\{[^}]*quantile="([\d.]+)"[^}]*\} (\S+)/gm;
const PACKAGE_FILE = new URL('../../../package.json', import.meta.url);

/** Whether the server has been built, so that it can be started at all. */
export function isGantryBuilt(): boolean {
  return existsSync(MAIN_FILE);
}

/** This project's server with its default configuration. */
export const gantryLauncher: PeerLauncher = {
  name: 'gantry',
  bindsEveryInterface: false,
  launch: (dataDirectory) => launchGantry('gantry', dataDirectory, {}),
};

/** The same with all instances as values of RocksDB instead of in the blob log: what the log is worth. */
export const gantryValuesLauncher: PeerLauncher = {
  name: 'gantry-values',
  bindsEveryInterface: false,
  launch: (dataDirectory) =>
    launchGantry('gantry-values', dataDirectory, { 'store-blob-store': 'rocksdb' }),
};

/** The same with many studies in its store when it starts. */
export const gantryGeneratedLauncher: PeerLauncher = {
  name: 'gantry-generated',
  bindsEveryInterface: false,
  launch: async (dataDirectory, { corpus, directory }: GeneratedStudies) => {
    const made = directory ?? join(dataDirectory, 'generated');
    if (directory === undefined) await generateStore(made, corpus);
    const settings = { 'data-dir': made };
    const peer = await launchGantry('gantry-generated', dataDirectory, settings);
    return { ...peer, holds: ['generated'] };
  },
};

async function launchGantry(
  name: string,
  dataDirectory: string,
  settings: Readonly<Record<string, string>>,
): Promise<RunningPeer> {
  if (!isGantryBuilt()) throw new Error('gantry is not built: dist/src/main.js is missing');
  const httpPort = await findFreePort();
  const dimsePort = await findFreePort();
  const moveDestination = { aeTitle: MOVE_DESTINATION_AE_TITLE, port: await findFreePort() };
  const logFile = join(dataDirectory, 'server.log');
  const options = {
    'data-dir': join(dataDirectory, 'data'),
    'http-port': httpPort,
    'dimse-port': dimsePort,
    'remote-aes': `${moveDestination.aeTitle}@127.0.0.1:${moveDestination.port}`,
    ...settings,
  };
  const server = await ServerProcess.start({
    file: process.execPath,
    args: [
      MAIN_FILE,
      'serve',
      ...Object.entries(options).flatMap(([key, value]) => [`--${key}`, String(value)]),
    ],
    logFile,
    httpPort,
    readyPath: '/readyz',
  });
  const { version } = JSON.parse(readFileSync(PACKAGE_FILE, 'utf8')) as { version: string };
  return {
    record: { name, version, settings: { configuration: 'default', ...settings } },
    get pid() {
      return server.pid;
    },
    httpPort,
    dicomWebPath: '/dicom-web',
    dimsePort,
    aeTitle: 'GANTRY',
    moveDestination,
    logFile,
    holds: [],
    takeEventLoopDelay: () => readEventLoopDelay(httpPort),
    restartIfEnded: () => server.restartIfEnded(),
    stop: () => server.stop(),
  };
}

/** Reads the delay from the metrics; the server starts a new observation period at each reading. */
async function readEventLoopDelay(httpPort: number): Promise<EventLoopDelay | undefined> {
  const connection = new HttpConnection(httpPort);
  try {
    const response = await connection.request({
      method: 'GET',
      target: '/metrics',
      keepBody: true,
    });
    return parseEventLoopDelay(response.body.toString('utf8'));
  } finally {
    connection.close();
  }
}

/** The event-loop delay in a Prometheus text exposition; undefined when it is not in there. */
export function parseEventLoopDelay(metricsText: string): EventLoopDelay | undefined {
  const secondsOf = new Map(
    [...metricsText.matchAll(EVENT_LOOP_DELAY)].map((match) => [match[1], Number(match[2])]),
  );
  const [p50, p99, max] = ['0.5', '0.99', '1'].map((quantile) => secondsOf.get(quantile));
  if (p50 === undefined || p99 === undefined || max === undefined) return undefined;
  return { p50Ms: p50 * 1000, p99Ms: p99 * 1000, maxMs: max * 1000 };
}
