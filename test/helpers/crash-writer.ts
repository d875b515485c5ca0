import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import type { CommitRequest } from '#engine/threads/task-messages.js';
import { buildParsedInstance } from './parsed-instance-builder.js';
import { StoreThreadClient } from './store-thread-client.js';
import type { SpilledReply } from './store-thread-client.js';

/**
 * A process to be killed: commits random instances to the store in `argv[2]`, numbered from `argv[3]`, and prints the number of
 * each one acknowledged. What instance number n is made of follows from n alone. When a commit fails it prints `failed`, tries some
 * more and kills itself.
 */
export interface NumberedInstance {
  readonly study: string;
  readonly series: string;
  readonly sop: string;
  readonly received: Buffer;
}

const lengths = [90, 3_000, 8_000, 9_000, 70_000, 400_000, 2_500_000];
/** Instances this long are spilled. */
const spillBytesMin = 2_000_000;

/** Versions of an instance have the same UIDs and length, and other bytes. */
export function numberedInstance(number: number, version = 0): NumberedInstance {
  const study = `1.2.${number % 7}`;
  const length = lengths[(number * 5) % lengths.length]! + (number % 100);
  const name = version === 0 ? String(number) : `${number}/${version}`;
  const pattern = createHash('sha256').update(name).digest().subarray(1);
  const received = Buffer.alloc(length, pattern);
  return { study, series: `${study}.${number % 3}`, sop: `${study}.9.${number}`, received };
}

async function requestFor(client: StoreThreadClient, number: number): Promise<CommitRequest> {
  const { received, ...uids } = numberedInstance(number);
  const instance = buildParsedInstance(received, uids);
  if (received.length < spillBytesMin) return client.request(instance, received);
  let spilled: SpilledReply | undefined;
  for (let at = 0; at < received.length; at += 1_000_000) {
    client.post(client.spillRequest(number, received.subarray(at, at + 1_000_000)));
    spilled = await client.spilled(number);
  }
  return client.spilledRequest(instance, spilled!);
}

let triesLeft = 30;

function noteFailure(): void {
  writeSync(1, 'failed\n');
  triesLeft -= 1;
  if (triesLeft === 0) process.kill(process.pid, 'SIGKILL');
}

/** Commits instances from `first` on, several at a time, for ever. */
async function commitAll(client: StoreThreadClient, first: number): Promise<never> {
  for (let number = first; ;) {
    const count = 1 + (number % 12);
    const numbers = Array.from({ length: count }, (_, n) => number + n);
    try {
      const requests: CommitRequest[] = [];
      for (const each of numbers) requests.push(await requestFor(client, each));
      const results = await client.commit(requests);
      const stored = numbers.filter((_, n) => results[n] === 'stored');
      writeSync(1, stored.map((each) => `${each}\n`).join(''));
      if (stored.length < count) noteFailure();
    } catch {
      noteFailure();
    }
    number += count;
  }
}

async function main(directory: string, first: number): Promise<void> {
  const client = await StoreThreadClient.start(directory, { segmentBytes: 8 * 1024 * 1024 });
  await Promise.all([0, 100_000, 200_000].map((n) => commitAll(client, first + n)));
}

const [, , directory, first] = process.argv;
if (process.argv[1] === new URL(import.meta.url).pathname) await main(directory!, Number(first));
