import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { openStore } from '#engine/store/open-store.js';
import { assertAcknowledged, assertConsistent } from '#test/helpers/store-checks.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';
import { interceptFiles } from './intercept-files.js';
import type { FileCall } from './intercept-files.js';
import type { Figures, ScenarioRun } from './scenario.js';
import { StoreBed } from './store-bed.js';

/** What happened, in order: calls, growth of RocksDB's log, and what was acknowledged. */
type Event =
  | { readonly kind: 'call'; readonly call: FileCall; readonly path: string }
  | {
      readonly kind: 'log';
      readonly name: string;
      readonly bytes: Buffer;
      readonly isSynced: boolean;
    }
  | { readonly kind: 'stored'; readonly numbers: readonly number[] }
  | { readonly kind: 'deleting'; readonly number: number };

interface Recording {
  /** The data directory before the first event. */
  readonly base: string;
  readonly events: readonly Event[];
}

/** What a power cut does to writes that were not synced. */
const treatments = ['kept', 'dropped', 'torn'] as const;
type Treatment = (typeof treatments)[number];

const sectorBytes = 512;
const groups = 14;

/**
 * Records the writes and syncs of the store thread and opens the store as a power cut behind any of them would have left it: with
 * the writes that were not synced kept, dropped, or torn at a sector. What RocksDB adds to its log counts as one write for each batch.
 */
export async function writePrefixes(samplesMax: number, run: ScenarioRun): Promise<Figures> {
  const recording = await record();
  const all = recording.events.flatMap((_, end) =>
    treatments.map((treatment) => ({ end: end + 1, treatment })),
  );
  const step = Math.max(1, all.length / samplesMax);
  let opened = 0;
  let acknowledged = 0;
  for (let at = 0; at < all.length && !run.isOver(); at += step) {
    const { end, treatment } = all[Math.floor(at)]!;
    acknowledged += await check(recording, end, treatment);
    opened += 1;
    if (opened % 100 === 0) run.progress(`${opened} prefixes`);
  }
  return {
    'events recorded': recording.events.length,
    'prefixes opened': opened,
    'acknowledged and found, summed over prefixes': acknowledged,
    'lost or half visible': 0,
  };
}

async function record(): Promise<Recording> {
  const directory = temporaryDirectory();
  const base = temporaryDirectory();
  const bed = await StoreBed.open(directory);
  cpSync(directory, base, { recursive: true });
  const events: Event[] = [];
  const paths = new Map<number, string>();
  const catalog = join(directory, 'catalog');
  const logSizes = new Map(logsOf(catalog).map((name) => [name, sizeOf(catalog, name)]));
  const restore = interceptFiles({
    after: (call) => {
      if (call.kind === 'batch') {
        for (const name of logsOf(catalog)) {
          const position = logSizes.get(name) ?? 0;
          const bytes = readFileSync(join(catalog, name)).subarray(position);
          if (bytes.length > 0) {
            const { isSynced } = call;
            events.push({ kind: 'log', name, bytes, isSynced });
          }
          logSizes.set(name, position + bytes.length);
        }
        return;
      }
      if (call.kind === 'open') paths.set(call.fd, call.path);
      const path = 'fd' in call ? paths.get(call.fd)! : call.path;
      if (path.startsWith(join(directory, 'segments'))) events.push({ kind: 'call', call, path });
    },
  });
  try {
    for (let group = 0; group < groups; group++) {
      const numbers = [0, 1, 2, 3].map((n) => group * 4 + n);
      events.push({ kind: 'stored', numbers: bed.commit(numbers) });
      if (group % 4 !== 3) continue;
      events.push({ kind: 'deleting', number: group * 4 });
      bed.delete(group * 4);
    }
  } finally {
    restore();
  }
  await bed.close();
  return { base, events };
}

interface LogState {
  readonly bytes: Buffer[];
  durableBytes: number;
}

interface FileState {
  durable: Buffer;
  current: Buffer;
  /** Whether a crash may take the name away. */
  isNamed: boolean;
}

async function check(
  { base, events }: Recording,
  end: number,
  treatment: Treatment,
): Promise<number> {
  const directory = temporaryDirectory();
  cpSync(base, directory, { recursive: true });
  const files = new Map<string, FileState>();
  const acknowledged = new Set<number>();
  const logs = new Map<string, LogState>();
  for (const [n, event] of events.slice(0, end).entries()) {
    if (event.kind === 'call') apply(files, event.call, event.path);
    else if (event.kind === 'stored') event.numbers.forEach((number) => acknowledged.add(number));
    else if (event.kind === 'deleting') acknowledged.delete(event.number);
    else {
      const log = logs.get(event.name) ?? { bytes: [], durableBytes: 0 };
      logs.set(event.name, log);
      log.bytes.push(event.bytes);
      // The last event is the one that the power cut met.
      if (event.isSynced && n < end - 1) {
        for (const each of logs.values()) each.durableBytes = Buffer.concat(each.bytes).length;
      }
    }
  }
  for (const [name, log] of logs) {
    writeFileSync(join(directory, 'catalog', name), cutLog(log, treatment), { flag: 'a' });
  }
  mkdirSync(join(directory, 'segments'), { recursive: true });
  for (const [name, state] of files) {
    if (treatment === 'dropped' && !state.isNamed) continue;
    writeFileSync(join(directory, 'segments', name), contentOf(state, treatment));
  }
  const store = await openStore({ directory });
  try {
    assertAcknowledged(store, [...acknowledged]);
    assertConsistent(store);
  } catch (cause) {
    throw new Error(`prefix ${end}, unsynced writes ${treatment}`, { cause });
  } finally {
    await store.close();
    rmSync(directory, { recursive: true });
  }
  return acknowledged.size;
}

function apply(files: Map<string, FileState>, call: FileCall, path: string): void {
  const name = basename(path);
  if (call.kind === 'sync' && name === 'segments') {
    for (const state of files.values()) state.isNamed = true;
    return;
  }
  if (call.kind === 'open' && name === 'segments') return;
  const empty = Buffer.alloc(0);
  const state = files.get(name) ?? { durable: empty, current: empty, isNamed: false };
  if (call.kind === 'unlink') files.delete(name);
  else files.set(name, state);
  if (call.kind === 'sync') state.durable = state.current;
  else if (call.kind === 'truncate') state.current = state.current.subarray(0, call.length);
  else if (call.kind === 'write') {
    const bytes = Buffer.alloc(Math.max(state.current.length, call.position + call.bytes.length));
    state.current.copy(bytes);
    call.bytes.copy(bytes, call.position);
    state.current = bytes;
  }
}

/** A torn file has every other sector of what was not synced. */
function contentOf({ durable, current }: FileState, treatment: Treatment): Buffer {
  if (treatment === 'kept' || durable === current) return current;
  if (treatment === 'dropped') return durable;
  const torn = Buffer.from(current);
  for (let at = 0; at < torn.length; at += 2 * sectorBytes) {
    const old = durable.subarray(at, at + sectorBytes);
    torn.fill(0, at, Math.min(at + sectorBytes, torn.length));
    old.copy(torn, at);
  }
  return torn;
}

/** What is not synced of RocksDB's log: there, not there, or cut off. */
function cutLog({ bytes, durableBytes }: LogState, treatment: Treatment): Buffer {
  const all = Buffer.concat(bytes);
  const rest = all.length - durableBytes;
  const kept = { kept: rest, dropped: 0, torn: Math.floor(rest * 0.6) }[treatment];
  return all.subarray(0, durableBytes + kept);
}

function logsOf(catalog: string): string[] {
  return readdirSync(catalog).filter((name) => name.endsWith('.log'));
}

function sizeOf(catalog: string, name: string): number {
  return statSync(join(catalog, name)).size;
}
