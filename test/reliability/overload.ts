import { multipartBody, stowContentType } from '#test/helpers/dicomweb-client.js';
import { DicomScu, ScuError, type StoreInstance } from '#test/helpers/dicom-scu.js';
import { ctImageStorage, explicitVrLittleEndian } from '#test/helpers/dimse-fixture.js';
import { startServer, type TestServer } from '#test/helpers/server.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';
import { delay } from '#test/helpers/wait.js';
import { numberedInstance, storeRequestOf, type InstanceName } from './numbered-instance.js';
import { quantile, residentBytes } from './process-figures.js';
import type { Figures, ScenarioRun } from './scenario.js';

export interface OverloadOptions {
  /** Of the overload; the peak before it is measured for a third of it. */
  readonly seconds: number;
}

const mib = 1024 * 1024;
/** Senders that keep the server busy without a refusal, each sending the next instance when the last one is answered. */
const peakSenders = { http: 6, dimse: 2 };
const overloadFactor = 10;
/** Few sessions fit into it, so that so many senders are an overload. */
const arenaBytes = 32 * mib;
/** A sender whose turn is over waits so long at least, however late it is. */
const pauseMsMin = 5;
const recoveryMsMax = 60_000;

/** What the senders of one phase were answered. */
class Answers {
  offered = 0;
  stored = 0;
  http503 = 0;
  rejected = 0;
  a700 = 0;
  /** By what it was. */
  readonly other = new Map<string, number>();
  readonly latencies: number[] = [];
  residentBytesMax = 0;

  noteOther(what: string): void {
    this.other.set(what, (this.other.get(what) ?? 0) + 1);
  }
}

/**
 * Ten times the senders that a server is busy with: whether it goes on storing as fast as before, refuses the rest in the words of
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
  try {
    const senders = new Senders(server);
    await senders.load(peakSenders, 2);
    const peak = await senders.load(peakSenders, seconds / 3);
    const perSecond = peak.stored / (seconds / 3);
    run.progress(`peak ${perSecond.toFixed(1)} a second`);
    const many = {
      http: peakSenders.http * overloadFactor,
      dimse: peakSenders.dimse * overloadFactor,
    };
    const over = await senders.load(many, seconds, perSecond * overloadFactor);
    const recoveryMs = await senders.recover();
    const after = await senders.load(peakSenders, seconds / 3);
    return figuresOf({ peak, over, after, recoveryMs, seconds });
  } finally {
    await server.stop();
  }
}

interface Measured {
  readonly peak: Answers;
  readonly over: Answers;
  readonly after: Answers;
  readonly recoveryMs: number;
  readonly seconds: number;
}

function figuresOf({ peak, over, after, recoveryMs, seconds }: Measured): Figures {
  const perSecond = ({ stored }: Answers, time: number): number => stored / time;
  const before = perSecond(peak, seconds / 3);
  const during = perSecond(over, seconds);
  const others = [...over.other].map(([what, count]) => `${count} × ${what}`).join(', ');
  return {
    'overload, s': seconds,
    'instances offered a second': over.offered / seconds,
    'instances stored a second before': before,
    'and during': during,
    'and after': perSecond(after, seconds / 3),
    'goodput, % of the peak': (during * 100) / before,
    '503 with Retry-After': over.http503,
    'associations rejected (2/3/1)': over.rejected,
    'C-STORE answered A700': over.a700,
    'other answers': others === '' ? 0 : others,
    'p99 of what was stored before, ms': quantile(peak.latencies, 0.99),
    'p99 during, ms': quantile(over.latencies, 0.99),
    'most RSS before, MiB': peak.residentBytesMax / mib,
    'most RSS during, MiB': over.residentBytesMax / mib,
    'recovery, ms': recoveryMs,
  };
}

class Senders {
  readonly #server: TestServer;
  #next = 0;

  constructor(server: TestServer) {
    this.#server = server;
  }

  /** So many senders for a time, all together offering so many instances a second; as many as they can without it. */
  async load(
    { http, dimse }: { readonly http: number; readonly dimse: number },
    seconds: number,
    perSecond = Infinity,
  ): Promise<Answers> {
    const answers = new Answers();
    const startedAt = performance.now();
    const endsAt = startedAt + seconds * 1000;
    const intervalMs = ((http + dimse) * 1000) / perSecond;
    let dueAtMs = startedAt;
    /** Waits for the next turn; false when the time is over. */
    const takeTurn = async (): Promise<boolean> => {
      const turnAtMs = dueAtMs;
      dueAtMs += intervalMs / (http + dimse);
      await delay(Math.max(perSecond === Infinity ? 0 : pauseMsMin, turnAtMs - performance.now()));
      return performance.now() < endsAt;
    };
    const sampling = setInterval(() => {
      const bytes = residentBytes(this.#server.process.pid!);
      answers.residentBytesMax = Math.max(answers.residentBytesMax, bytes);
    }, 200);
    await Promise.all([
      ...Array.from({ length: http }, () => this.#sendByHttp(answers, takeTurn)),
      ...Array.from({ length: dimse }, () => this.#sendByDimse(answers, takeTurn)),
    ]);
    clearInterval(sampling);
    return answers;
  }

  /** Until an instance is taken by HTTP and one by DIMSE, in ms. */
  async recover(): Promise<number> {
    const startedAt = performance.now();
    const answers = new Answers();
    const [body, request] = [this.#nextBody(), this.#nextRequest()];
    while (performance.now() - startedAt < recoveryMsMax) {
      const before = answers.stored;
      await this.#post(answers, body);
      await this.#associate(answers, async (scu) => this.#cStore(scu, answers, request));
      if (answers.stored === before + 2) return performance.now() - startedAt;
      await delay(20);
    }
    throw new Error('it does not recover');
  }

  /** What was refused is offered again. */
  async #sendByHttp(answers: Answers, takeTurn: () => Promise<boolean>): Promise<void> {
    let body = this.#nextBody();
    while (await takeTurn()) {
      if (await this.#post(answers, body)) body = this.#nextBody();
    }
  }

  /** An association for five instances at a time. */
  async #sendByDimse(answers: Answers, takeTurn: () => Promise<boolean>): Promise<void> {
    let isOver = false;
    let request = this.#nextRequest();
    while (!isOver && (await takeTurn())) {
      await this.#associate(answers, async (scu) => {
        for (let n = 0; n < 5 && !isOver; n++) {
          if (n > 0 && !(await takeTurn())) isOver = true;
          else if (await this.#cStore(scu, answers, request)) request = this.#nextRequest();
        }
      });
    }
  }

  /** Whether it was stored. */
  async #post(answers: Answers, body: Buffer): Promise<boolean> {
    answers.offered += 1;
    const startedAt = performance.now();
    try {
      const response = await fetch(`${this.#server.dicomwebUrl}/studies`, {
        method: 'POST',
        headers: { 'content-type': stowContentType },
        body: body as Uint8Array<ArrayBuffer>,
      });
      await response.arrayBuffer();
      if (response.status === 200) {
        noteStored(answers, startedAt);
        return true;
      }
      if (response.status === 503 && response.headers.has('retry-after')) answers.http503 += 1;
      else answers.noteOther(`HTTP ${response.status}`);
    } catch (error) {
      answers.noteOther(causeOf(error));
    }
    return false;
  }

  async #associate(answers: Answers, work: (scu: DicomScu) => Promise<unknown>): Promise<void> {
    let scu: DicomScu | undefined;
    try {
      scu = await DicomScu.associate({
        host: '127.0.0.1',
        port: this.#server.dimsePort,
        contexts: [
          { abstractSyntaxUid: ctImageStorage, transferSyntaxUids: [explicitVrLittleEndian] },
        ],
      });
      await work(scu);
    } catch (error) {
      const reject = error instanceof ScuError ? error.reject : undefined;
      const { result, source, reason } = reject ?? {};
      if (result === 2 && source === 3 && reason === 1) answers.rejected += 1;
      else answers.noteOther(causeOf(error));
    } finally {
      await scu?.destroy();
    }
  }

  /** Whether it was stored. */
  async #cStore(scu: DicomScu, answers: Answers, request: StoreInstance): Promise<boolean> {
    answers.offered += 1;
    const startedAt = performance.now();
    const { status } = await scu.store(scu.prepareStore(request));
    if (status === 0) noteStored(answers, startedAt);
    else if (status === 0xa700) answers.a700 += 1;
    else answers.noteOther(`status ${status.toString(16)}`);
    return status === 0;
  }

  #nextBody(): Buffer {
    return multipartBody([numberedInstance(this.#nextName()).part10]);
  }

  #nextRequest(): StoreInstance {
    return storeRequestOf(this.#nextName());
  }

  /** 512 KiB each, but for some that are large. */
  #nextName(): InstanceName {
    this.#next += 1;
    return { seed: `9.${1 + (this.#next % 40)}`, number: this.#next * 5 + 4 };
  }
}

function noteStored(answers: Answers, startedAt: number): void {
  answers.stored += 1;
  answers.latencies.push(performance.now() - startedAt);
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error
    ? ((cause as NodeJS.ErrnoException).code ?? cause.message)
    : 'error';
}
