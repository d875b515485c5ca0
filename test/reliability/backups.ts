import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startServer, type TestServer } from '#test/helpers/server.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';
import { delay } from '#test/helpers/wait.js';
import { peakSenders } from './overload.js';
import { quantile } from './process-figures.js';
import type { Figures, ScenarioRun } from './scenario.js';
import { Senders } from './senders.js';

/** Between two backups. */
const betweenMs = 2_000;

interface BackupReport {
  /** How long the writer stood still. */
  readonly pauseMs: number;
  readonly bytes: number;
}

/** Of `GET /admin/backups`. */
type BackupState =
  | { readonly state: 'running' }
  | { readonly state: 'failed'; readonly detail: string }
  | { readonly state: 'done'; readonly report: BackupReport };

/** Backs a server up again and again while it is sent as much as it takes: how long its writer stands still for that. */
export async function backups(backupsMax: number, run: ScenarioRun): Promise<Figures> {
  const directory = temporaryDirectory();
  const [dataDir, target] = [join(directory, 'data'), join(directory, 'backups')];
  mkdirSync(target);
  const server = await startServer({ dataDir, args: ['--backup-directory', target] });
  const pausesMs: number[] = [];
  let isOver = false;
  let backupBytes = 0;
  const startedAt = performance.now();
  const load = new Senders(server, { kibibytes: 512, perRequest: 1 }).load(
    peakSenders,
    () => isOver,
  );
  try {
    while (pausesMs.length < backupsMax && !run.isOver()) {
      await delay(betweenMs);
      const { pauseMs, bytes } = await backUp(server);
      pausesMs.push(pauseMs);
      backupBytes = bytes;
      run.progress(`${pausesMs.length} backups, pause ${pauseMs} ms`);
    }
  } finally {
    isOver = true;
    await load;
    await server.stop();
  }
  const { stored, latencies } = await load;
  return {
    backups: pausesMs.length,
    'pause of the writer p50, ms': quantile(pausesMs, 0.5),
    'longest pause of the writer, ms': Math.max(...pausesMs),
    'instances stored a second': (stored * 1000) / (performance.now() - startedAt),
    'p99 of a store, ms': quantile(latencies, 0.99),
    'last backup, MiB': backupBytes / 1024 / 1024,
  };
}

async function backUp(server: TestServer): Promise<BackupReport> {
  const url = `${server.httpUrl}/admin/backups`;
  const started = await fetch(url, { method: 'POST' });
  if (started.status !== 202) throw new Error(`POST ${url} was answered ${started.status}`);
  for (;;) {
    await delay(100);
    const state = (await (await fetch(url)).json()) as BackupState;
    if (state.state === 'failed') throw new Error(state.detail);
    if (state.state === 'done') return state.report;
  }
}
