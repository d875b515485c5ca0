import { acceptStoredInstances, qido, splitParts } from '#test/helpers/dicomweb-client.js';
import type { JsonDataSet } from '#test/helpers/dicomweb-client.js';
import type { TestServer } from '#test/helpers/server.js';
import type { ExpectedInstances } from './expected-state.js';
import { numberOf, pathOf, pixelsOf, studyOf } from './numbered-instance.js';

/** What a server said of what it had acknowledged, in numbers of instances or searches. */
export interface CheckCounts {
  lost: number;
  corrupt: number;
  /** Deleted, and there again. */
  resurrected: number;
  wrongSearches: number;
}

/**
 * Looks at every instance of the studies of `seeds`: its bytes by a retrieve of the study, its metadata, the rows and the count
 * that searches show. What was cut off is `stored` or `deleted` from then on, as it was found.
 */
export async function checkAcknowledged(
  server: TestServer,
  expected: ExpectedInstances,
  seeds: readonly string[],
  counts: CheckCounts,
): Promise<void> {
  for (const seed of seeds) {
    const found = await retrieveStudy(server, seed, counts);
    for (const state of ['stored', 'deleted', 'unknown'] as const) {
      for (const number of expected.numbers(seed, state)) {
        const is = found.has(number) ? 'stored' : 'deleted';
        if (state === 'unknown') expected.resolve({ seed, number }, is);
        else if (is !== state) counts[state === 'stored' ? 'lost' : 'resurrected'] += 1;
      }
    }
    await lookForDeleted(server, expected.numbers(seed, 'deleted'), { seed, counts });
    const isRight = [
      await numbersOf(server, `studies/${studyOf(seed)}/metadata`),
      await numbersOf(server, `instances?PatientID=RELIABILITY-${seed}`),
    ].every((numbers) => numbers.length === found.size && numbers.every((each) => found.has(each)));
    const [study] = await qido(server.dicomwebUrl, `studies?StudyInstanceUID=${studyOf(seed)}`);
    const counted = Number(study?.['00201208']?.Value?.[0] ?? 0);
    if (!isRight || counted !== found.size) counts.wrongSearches += 1;
  }
}

/** Numbers of the instances that a retrieve of the study gives. */
async function retrieveStudy(
  { dicomwebUrl }: TestServer,
  seed: string,
  counts: CheckCounts,
): Promise<ReadonlySet<number>> {
  const headers = { accept: acceptStoredInstances };
  const response = await fetch(`${dicomwebUrl}/studies/${studyOf(seed)}`, { headers });
  const body = Buffer.from(await response.arrayBuffer());
  if (isGone(response.status)) return new Set();
  if (response.status !== 200) {
    counts.corrupt += 1;
    return new Set();
  }
  const found = new Set<number>();
  for (const part of splitParts(body, response.headers.get('content-type') ?? '')) {
    const number = numberOf(seed, part.body);
    // By C-STORE the File Meta Information is another: the end, from the pixels on, is what came.
    const pixels = number === undefined ? undefined : pixelsOf({ seed, number });
    if (number === undefined || pixels === undefined || !endsWith(part.body, pixels)) {
      counts.corrupt += 1;
    }
    if (number !== undefined) found.add(number);
  }
  return found;
}

function endsWith(bytes: Buffer, end: Buffer): boolean {
  return bytes.length > end.length && bytes.subarray(-end.length).equals(end);
}

/** Each deleted instance by its own resource. */
async function lookForDeleted(
  { dicomwebUrl }: TestServer,
  numbers: readonly number[],
  { seed, counts }: { readonly seed: string; readonly counts: CheckCounts },
): Promise<void> {
  for (const number of numbers) {
    const response = await fetch(`${dicomwebUrl}/${pathOf({ seed, number })}/metadata`);
    await response.arrayBuffer();
    if (!isGone(response.status)) counts.resurrected += 1;
  }
}

/** Instance Numbers of the data sets that a resource gives. */
async function numbersOf({ dicomwebUrl }: TestServer, path: string): Promise<number[]> {
  const response = await fetch(`${dicomwebUrl}/${path}`);
  const body = await response.text();
  if (isGone(response.status) || response.status === 204) return [];
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${body}`);
  const dataSets = JSON.parse(body) as JsonDataSet[];
  return dataSets.map((each) => Number(each['00200013']?.Value?.[0]));
}

function isGone(status: number): boolean {
  return status === 404 || status === 410;
}
