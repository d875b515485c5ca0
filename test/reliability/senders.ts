import { HttpConnection } from '#bench/harness/http-connection.js';
import { stowContentType } from '#test/helpers/dicomweb-client.js';
import { DicomScu, ScuError, type StoreInstance } from '#test/helpers/dicom-scu.js';
import { ctImageStorage, explicitVrLittleEndian } from '#test/helpers/dimse-fixture.js';
import type { TestServer } from '#test/helpers/server.js';
import { delay } from '#test/helpers/wait.js';
import { RenumberedInstances, type SentInstances } from './renumbered-instances.js';
import { residentBytes } from './process-figures.js';

/** A sender whose turn is over waits so long at least, however late it is. */
const pauseMsMin = 5;
const recoveryMsMax = 60_000;
const storeRequest = {
  method: 'POST',
  target: '/dicom-web/studies',
  headerLines: [`Content-Type: ${stowContentType}`],
  keepBody: false,
} as const;

/** What the senders of one phase were answered. */
export class Answers {
  /** Instances. */
  offered = 0;
  stored = 0;
  http503 = 0;
  rejected = 0;
  a700 = 0;
  /** By what it was. */
  readonly other = new Map<string, number>();
  readonly latencies: number[] = [];
  residentBytesMax = 0;
  /** Processor time of the senders. */
  processorMs = 0;

  noteOther(what: string): void {
    this.other.set(what, (this.other.get(what) ?? 0) + 1);
  }
}

/** Senders by STOW-RS and C-STORE, which cost little beside the server they send to. */
export class Senders {
  readonly #server: TestServer;
  readonly #sent: SentInstances;
  #senderCount = 0;

  constructor(server: TestServer, sent: SentInstances) {
    this.#server = server;
    this.#sent = sent;
  }

  /** So many senders for a time or until it is over, together offering so many instances a second; all they can without it. */
  async load(
    { http, dimse }: { readonly http: number; readonly dimse: number },
    duration: number | (() => boolean),
    perSecond = Infinity,
  ): Promise<Answers> {
    const answers = new Answers();
    const senders = Array.from({ length: http + dimse }, () => this.#newInstances());
    const startedAt = performance.now();
    const usageBefore = process.cpuUsage();
    const isOver =
      typeof duration === 'number'
        ? (): boolean => performance.now() >= startedAt + duration * 1000
        : duration;
    let dueAtMs = startedAt;
    const takeTurn: TakeTurn = async (count) => {
      const turnAtMs = dueAtMs;
      dueAtMs += (count * 1000) / perSecond;
      await delay(Math.max(perSecond === Infinity ? 0 : pauseMsMin, turnAtMs - performance.now()));
      return !isOver();
    };
    const sampling = setInterval(() => {
      const bytes = residentBytes(this.#server.process.pid!);
      answers.residentBytesMax = Math.max(answers.residentBytesMax, bytes);
    }, 200);
    await Promise.all([
      ...senders.slice(0, http).map((each) => this.#sendByHttp(each, answers, takeTurn)),
      ...senders.slice(http).map((each) => this.#sendByDimse(each, answers, takeTurn)),
    ]);
    clearInterval(sampling);
    const { user, system } = process.cpuUsage(usageBefore);
    answers.processorMs = (user + system) / 1000;
    return answers;
  }

  /** Until a request is taken by HTTP and an instance by DIMSE, in ms. */
  async recover(): Promise<number> {
    const startedAt = performance.now();
    const answers = new Answers();
    const connection = new HttpConnection(this.#server.httpPort);
    const [first, second] = [this.#newInstances(), this.#newInstances()];
    while (performance.now() - startedAt < recoveryMsMax) {
      const before = answers.stored;
      await this.#post(connection, answers, first);
      await this.#associate(answers, async (scu) => this.#cStore(scu, answers, second.request));
      if (answers.stored === before + first.perRequest + 1) {
        connection.close();
        return performance.now() - startedAt;
      }
      await delay(20);
    }
    throw new Error('it does not recover');
  }

  /** What was refused is offered again. */
  async #sendByHttp(
    instances: RenumberedInstances,
    answers: Answers,
    takeTurn: TakeTurn,
  ): Promise<void> {
    const connection = new HttpConnection(this.#server.httpPort);
    while (await takeTurn(instances.perRequest)) {
      if (await this.#post(connection, answers, instances)) instances.renumber();
    }
    connection.close();
  }

  /** An association for five instances at a time. */
  async #sendByDimse(
    instances: RenumberedInstances,
    answers: Answers,
    takeTurn: TakeTurn,
  ): Promise<void> {
    let isOver = false;
    while (!isOver && (await takeTurn(1))) {
      await this.#associate(answers, async (scu) => {
        for (let n = 0; n < 5 && !isOver; n++) {
          if (n > 0 && !(await takeTurn(1))) isOver = true;
          else if (await this.#cStore(scu, answers, instances.request)) instances.renumber();
        }
      });
    }
  }

  /** Whether they were stored. */
  async #post(
    connection: HttpConnection,
    answers: Answers,
    { body, perRequest }: RenumberedInstances,
  ): Promise<boolean> {
    answers.offered += perRequest;
    const startedAt = performance.now();
    try {
      const { status, headerText } = await connection.request({ ...storeRequest, body: [body] });
      if (status === 200) {
        noteStored(answers, startedAt, perRequest);
        return true;
      }
      if (status === 503 && /^retry-after:/im.test(headerText)) answers.http503 += 1;
      else answers.noteOther(`HTTP ${status}`);
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
      if (result === 2 && source === 3 && reason === 1) {
        answers.offered += 1;
        answers.rejected += 1;
      } else answers.noteOther(causeOf(error));
    } finally {
      await scu?.destroy();
    }
  }

  /** Whether it was stored. */
  async #cStore(scu: DicomScu, answers: Answers, request: StoreInstance): Promise<boolean> {
    answers.offered += 1;
    const startedAt = performance.now();
    const { status } = await scu.store(scu.prepareStore(request));
    if (status === 0) noteStored(answers, startedAt, 1);
    else if (status === 0xa700) answers.a700 += 1;
    else answers.noteOther(`status ${status.toString(16)}`);
    return status === 0;
  }

  #newInstances(): RenumberedInstances {
    return new RenumberedInstances(this.#senderCount++, this.#sent);
  }
}

/** Waits until so many instances are due; false when the time is over. */
type TakeTurn = (count: number) => Promise<boolean>;

function noteStored(answers: Answers, startedAt: number, count: number): void {
  answers.stored += count;
  answers.latencies.push(performance.now() - startedAt);
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error
    ? ((cause as NodeJS.ErrnoException).code ?? cause.message)
    : 'error';
}
