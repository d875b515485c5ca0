/** Time that all responses together may take of one turn of the event loop. */
const turnMsMax = 4;

/**
 * One turn of the event loop, shared by all responses that have bytes to send. Sources that always have bytes and sockets that
 * always have room would otherwise keep every other exchange waiting: neither promises nor ticks let the loop go on, and the share
 * that one response can be given multiplies with their number.
 */
export class SharedTurn {
  readonly #nowMs: () => number;
  readonly #waiting: (() => void)[] = [];
  #endsAtMs = 0;
  #hasBegun = false;

  constructor(nowMs = (): number => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** Whether the responses of this turn have had their time; the next one has to `wait`. */
  get isUsedUp(): boolean {
    if (!this.#hasBegun) this.#begin();
    return this.#nowMs() >= this.#endsAtMs;
  }

  /** Calls `resume` in a later turn, after those that came before. */
  wait(resume: () => void): void {
    this.#waiting.push(resume);
  }

  #begin(): void {
    this.#hasBegun = true;
    this.#endsAtMs = this.#nowMs() + turnMsMax;
    setImmediate(() => this.#end());
  }

  #end(): void {
    this.#hasBegun = false;
    // Nobody waits twice in one turn: who comes back has had some of it.
    for (let left = this.#waiting.length; left > 0 && !this.isUsedUp; left--) {
      this.#waiting.shift()!();
    }
  }
}
