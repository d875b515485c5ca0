import { availableParallelism, getPriority, setPriority } from 'node:os';
import { startServer } from '#test/helpers/server.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';
import { quantile } from './process-figures.js';
import type { Figures, ScenarioRun } from './scenario.js';
import { Senders, type Answers } from './senders.js';

export interface OverloadOptions {
  /** Of the overload; the peak before it is measured for a third of it. */
  readonly seconds: number;
}

const mib = 1024 * 1024;
/** Senders that keep the server busy without a refusal, each sending the next instance when the last one is answered. */
export const peakSenders = { http: 6, dimse: 2 };
/** Small images: of large ones ten times what can be stored is more than the processors bring to the server. */
const sent = { kibibytes: 10, perRequest: 50 } as const;
/** More than may wait for room (ADR 0077), so that some are refused. */
const senderFactor = 20;
const offeredFactor = 10;
const senderPriority = 10;
/** Few sessions fit into it, so that so many senders are an overload. */
const arenaBytes = 32 * mib;

/**
 * Ten times what keeps a server busy is offered: whether it goes on storing as fast as before, refuses the rest in the words of
 * the standards, keeps its memory, and is itself again at once.
 */
export async function overload(
  { seconds }: OverloadOptions,
  run: Pick<ScenarioRun, 'progress'>,
): Promise<Figures> {
  const server = await startServer({
    dataDir: temporaryDirectory(),
    args: [
      ...['--ingest-arena-bytes', String(arenaBytes)],
      ...['--ingest-session-bytes-max', String(8 * mib), '--scrub-bytes-per-second', '0'],
    ],
  });
  const priority = getPriority();
  try {
    // Senders stand on machines of their own: these must not take the processor from the server.
    setPriority(senderPriority);
    const senders = new Senders(server, sent);
    await senders.load(peakSenders, 2);
    const peak = await senders.load(peakSenders, seconds / 3);
    const perSecond = peak.stored / (seconds / 3);
    run.progress(`peak ${perSecond.toFixed(1)} a second`);
    const tenfold = await senders.load(timesAsMany(offeredFactor), seconds / 3);
    const many = timesAsMany(senderFactor);
    const over = await senders.load(many, seconds, perSecond * offeredFactor);
    const recoveryMs = await senders.recover();
    const after = await senders.load(peakSenders, seconds / 3);
    return figuresOf({ peak, tenfold, over, after, recoveryMs, seconds });
  } finally {
    await server.stop();
    restorePriority(priority);
  }
}

function timesAsMany(factor: number): typeof peakSenders {
  return { http: peakSenders.http * factor, dimse: peakSenders.dimse * factor };
}

function restorePriority(priority: number): void {
  try {
    setPriority(priority);
  } catch {
    // Only root may; servers that are started later then have the same priority as this process.
  }
}

interface Measured {
  readonly peak: Answers;
  /** Of ten times as many senders, each of which waits for its answers. */
  readonly tenfold: Answers;
  readonly over: Answers;
  readonly after: Answers;
  readonly recoveryMs: number;
  readonly seconds: number;
}

function figuresOf({ peak, tenfold, over, after, recoveryMs, seconds }: Measured): Figures {
  const perSecond = ({ stored }: Answers, time: number): number => stored / time;
  const before = perSecond(peak, seconds / 3);
  const during = perSecond(over, seconds);
  const left = ({ processorMs }: Answers, time: number): number =>
    availableParallelism() - processorMs / time / 1000;
  const beforePerCore = before / left(peak, seconds / 3);
  const duringPerCore = during / left(over, seconds);
  const others = [...tenfold.other, ...over.other]
    .map(([what, count]) => `${count} × ${what}`)
    .join(', ');
  return {
    'overload, s': seconds,
    'instances offered a second': over.offered / seconds,
    'instances stored a second before': before,
    'with ten times the senders, % of it': (perSecond(tenfold, seconds / 3) * 100) / before,
    'and during': during,
    'and after': perSecond(after, seconds / 3),
    'goodput, % of the peak': (during * 100) / before,
    'and of the processor time that the senders leave, %': (duringPerCore * 100) / beforePerCore,
    '503 with Retry-After': over.http503,
    'associations rejected (2/3/1)': over.rejected,
    'C-STORE answered A700': over.a700,
    'other answers': others === '' ? 0 : others,
    'p99 of what was stored before, ms': quantile(peak.latencies, 0.99),
    'p99 during, ms': quantile(over.latencies, 0.99),
    'processor time of the senders before, % of a core': peak.processorMs / (seconds / 3) / 10,
    'and of the senders during, %': over.processorMs / seconds / 10,
    'most RSS before, MiB': peak.residentBytesMax / mib,
    'most RSS during, MiB': over.residentBytesMax / mib,
    'recovery, ms': recoveryMs,
  };
}
