import { writeSync } from 'node:fs';
import { numberedInstance } from './crash-writer.js';
import { buildParsedInstance } from './parsed-instance-builder.js';
import { StoreThreadClient } from './store-thread-client.js';
import { delay } from './wait.js';

/**
 * A process to be killed: stores, replaces, deletes and brings back the numbered instances of crash-writer.ts in the store
 * `argv[2]`, while compaction is never far behind. Before each request it prints `? n action version`, and after the
 * acknowledgement `ok n`, or `no n` when nothing was left to bring back.
 */
export const numbersOfWriter: readonly number[] = Array.from({ length: 60 }, (_, n) => n + 1);

export type WriterAction = 'store' | 'replace' | 'delete' | 'undelete';

const mib = 1024 * 1024;
const workerCount = 3;
/** Deletions can be taken back for about as long as a worker needs to come by again. */
const undeleteWindowMs = 400;

async function change(client: StoreThreadClient, number: number): Promise<boolean> {
  const version = 1 + Math.floor(Math.random() * 1_000_000);
  const { received, study, series, sop } = numberedInstance(number, version);
  const key = { studyInstanceUid: study, seriesInstanceUid: series, sopInstanceUid: sop };
  const isStored = client.store.reader.findInstance(0, key) !== undefined;
  const actions = isStored ? (['replace', 'delete'] as const) : (['store', 'undelete'] as const);
  const action: WriterAction = actions[Math.floor(Math.random() * 2)]!;
  writeSync(1, `? ${number} ${action} ${version}\n`);
  switch (action) {
    case 'store':
    case 'replace': {
      const instance = buildParsedInstance(received, { study, series, sop });
      const request = client.request(instance, received);
      const [result] = await client.commit([{ ...request, overwrite: 'if-changed' }]);
      return result === 'stored' || result === 'replaced';
    }
    case 'delete':
      return 'instanceCount' in (await client.delete({ partition: 0, ...key }));
    case 'undelete':
      return 'instanceCount' in (await client.undelete({ partition: 0, ...key }));
  }
}

async function changeAll(client: StoreThreadClient, first: number): Promise<never> {
  const numbers = numbersOfWriter.filter((number) => number % workerCount === first);
  for (;;) {
    const number = numbers[Math.floor(Math.random() * numbers.length)]!;
    writeSync(1, `${(await change(client, number)) ? 'ok' : 'no'} ${number}\n`);
    // Idle time, in which segments are emptied.
    await delay(Math.random() * 8);
  }
}

async function main(directory: string): Promise<void> {
  const client = await StoreThreadClient.start(directory, {
    segmentBytes: 3 * mib,
    garbageGraceMs: 30,
    undeleteWindowMs,
    compactionLiveRatioMin: 0.9,
    compactionBytesPerSecondMax: 1000 * mib,
  });
  await Promise.all(Array.from({ length: workerCount }, (_, worker) => changeAll(client, worker)));
}

if (process.argv[1] === new URL(import.meta.url).pathname) await main(process.argv[2]!);
