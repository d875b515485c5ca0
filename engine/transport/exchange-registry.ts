import { defaultSlowClientPolicy, type SlowClientPolicy } from './http-transport.js';
import { progressTickMs } from './progress-window.js';
import { SharedTurn } from './shared-turn.js';

/** What a transport does to an exchange in progress. */
export interface OpenExchange {
  /** Looks at the client's progress; closes the connection when it is too slow. */
  tick(nowMs: number, policy: SlowClientPolicy): void;
  /** Breaks the connection. */
  close(): void;
}

/** The exchanges of one transport that are in progress, the one timer that watches them, and the wait for their end. */
export class ExchangeRegistry {
  /** What responses share of a turn of the event loop. */
  readonly turn = new SharedTurn();
  readonly #exchanges = new Set<OpenExchange>();
  readonly #policy: SlowClientPolicy;
  #timer: NodeJS.Timeout | undefined;
  #isDraining = false;
  #onIdle: (() => void) | undefined;

  constructor(policy: SlowClientPolicy = defaultSlowClientPolicy) {
    this.#policy = policy;
  }

  /** While true, answers ask the client to close its connection. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  startDraining(): void {
    this.#isDraining = true;
  }

  add(exchange: OpenExchange): void {
    this.#exchanges.add(exchange);
    this.#timer ??= setInterval(() => this.#tick(), progressTickMs(this.#policy)).unref();
  }

  remove(exchange: OpenExchange): void {
    this.#exchanges.delete(exchange);
    if (this.#exchanges.size === 0) this.#onIdle?.();
  }

  /** Resolves when no exchange is left; those that are not done after `graceMs` are closed. */
  async drain(graceMs: number): Promise<void> {
    this.#isDraining = true;
    if (this.#exchanges.size > 0) {
      await new Promise<void>((resolve) => {
        const graceTimer = setTimeout(resolve, graceMs);
        this.#onIdle = () => {
          clearTimeout(graceTimer);
          resolve();
        };
      });
      this.#onIdle = undefined;
    }
    clearInterval(this.#timer);
    for (const exchange of [...this.#exchanges]) exchange.close();
  }

  #tick(): void {
    const nowMs = performance.now();
    for (const exchange of this.#exchanges) exchange.tick(nowMs, this.#policy);
  }
}
