import { writeSync } from 'node:fs';
import { numberedInstance } from './crash-writer.js';
import { buildParsedInstance } from './parsed-instance-builder.js';
import { StoreThreadClient } from './store-thread-client.js';
import { delay } from './wait.js';

/**
 * A process to be killed: stores, deletes and stores again the numbered instances of crash-writer.ts in the store `argv[2]`, while
 * compaction is never far behind. Before each request it prints `? n`, after the acknowledgement `+ n` (stored) or `- n` (deleted).
 */
export const numbersOfWriter: readonly number[] = Array.from({ length: 60 }, (_, n) => n + 1);

const mib = 1024 * 1024;
const workerCount = 3;

async function storeOrDelete(client: StoreThreadClient, first: number): Promise<never> {
  const numbers = numbersOfWriter.filter((number) => number % workerCount === first);
  for (;;) {
    const number = numbers[Math.floor(Math.random() * numbers.length)]!;
    const { received, study, series, sop } = numberedInstance(number);
    const key = { studyInstanceUid: study, seriesInstanceUid: series, sopInstanceUid: sop };
    const isStored = client.store.reader.findInstance(0, key) !== undefined;
    writeSync(1, `? ${number}\n`);
    if (isStored) await client.delete({ partition: 0, ...key });
    else {
      const instance = buildParsedInstance(received, { study, series, sop });
      await client.commit([client.request(instance, received)]);
    }
    writeSync(1, `${isStored ? '-' : '+'} ${number}\n`);
    // Idle time, in which segments are emptied.
    await delay(Math.random() * 8);
  }
}

async function main(directory: string): Promise<void> {
  const client = await StoreThreadClient.start(directory, {
    segmentBytes: 3 * mib,
    garbageGraceMs: 30,
    compactionLiveRatioMin: 0.9,
    compactionBytesPerSecondMax: 1000 * mib,
  });
  await Promise.all(
    Array.from({ length: workerCount }, (_, worker) => storeOrDelete(client, worker)),
  );
}

if (process.argv[1] === new URL(import.meta.url).pathname) await main(process.argv[2]!);
