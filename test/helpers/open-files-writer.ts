import { closeSync, openSync, writeSync } from 'node:fs';
import { buildParsedInstance } from './parsed-instance-builder.js';
import { StoreThreadClient } from './store-thread-client.js';

/**
 * A process that may open few files: commits an instance and spills another one to the store in `argv[2]`, first while all
 * descriptors are used and then again, and prints a line of JSON about each time.
 */
async function main(directory: string): Promise<void> {
  const client = await StoreThreadClient.start(directory);
  const received = Buffer.alloc(300_000, 7);
  const attempt = async (spillId: number): Promise<void> => {
    const request = client.request(buildParsedInstance(received, { sop: '1.1' }), received);
    const [committed] = await client.commit([request]);
    client.post(client.spillRequest(spillId, received));
    const spilled = await client.spilled(spillId).catch((error: Error) => error.message);
    const outcome = typeof spilled === 'string' ? spilled : await commitSpilled(spilled);
    writeSync(1, `${JSON.stringify([committed, outcome])}\n`);
  };
  const commitSpilled = async (
    spilled: Awaited<ReturnType<StoreThreadClient['spilled']>>,
  ): Promise<unknown> => {
    const instance = buildParsedInstance(received, { sop: '1.2' });
    const [result] = await client.commit([client.spilledRequest(instance, spilled)]);
    return result;
  };

  const opened = openAll();
  await attempt(1);
  for (const descriptor of opened) closeSync(descriptor);
  await attempt(2);
  await client.stop();
}

function openAll(): number[] {
  const opened: number[] = [];
  for (;;) {
    try {
      opened.push(openSync('/dev/null', 'r'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EMFILE') return opened;
      throw error;
    }
  }
}

await main(process.argv[2]!);
