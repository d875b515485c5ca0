import type { ErrorCode, GantryError } from '#engine/base/error-catalogue.js';
import type { Logger } from '#engine/base/logger.js';

/** No more than one line in this time: an overloaded store must not spend itself on its log. */
const lineIntervalMs = 1_000;

/** Errors that say that the store has more to do than it can: each is an answer as planned, and a count in the metrics. */
const refusals: ReadonlySet<ErrorCode> = new Set(['out-of-resources', 'too-many-requests']);

/** Whether a request was refused for the sake of those under way, and nothing went wrong. */
export function isRefusal({ code, cause }: GantryError): boolean {
  return refusals.has(code) && cause === undefined;
}

/** Logs refused requests: the first at once, those that follow by their number, once a second at most. */
export class RefusalLog {
  readonly #logger: Logger;
  #refused = 0;
  #silentUntilMs = 0;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  note(code: ErrorCode, nowMs = performance.now()): void {
    this.#refused += 1;
    if (nowMs < this.#silentUntilMs) return;
    this.#logger.warn({ code, refused: this.#refused }, 'requests refused');
    this.#refused = 0;
    this.#silentUntilMs = nowMs + lineIntervalMs;
  }
}
