import type { SlowClientPolicy } from './http-transport.js';

/** What an exchange waits for: bytes of the request, room for bytes of the response, or nothing that the client owes. */
export type WaitingFor = 'body' | 'reader' | 'ourselves';

/** How often a transport looks at its exchanges; uWebSockets.js resets a connection after about 10 s without a sign of life. */
export const progressTickMsMax = 5_000;

/** Interval of the one timer of a transport, short enough for the policy. */
export function progressTickMs(policy: SlowClientPolicy): number {
  return Math.min(progressTickMsMax, Math.max(10, policy.stallTimeoutMs / 4));
}

/**
 * Judges the client of one exchange. The data path only counts bytes; time is looked at when the transport's coarse timer asks,
 * so an exchange costs no timer of its own.
 */
export class ProgressWindow {
  #waitingFor: WaitingFor = 'ourselves';
  #startMs = 0;
  #bytes = 0;

  add(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Whether the client has been too slow for one whole window. */
  isTooSlow(waitingFor: WaitingFor, nowMs: number, policy: SlowClientPolicy): boolean {
    if (waitingFor !== this.#waitingFor || waitingFor === 'ourselves') {
      this.#restart(waitingFor, nowMs);
      return false;
    }
    const elapsedMs = nowMs - this.#startMs;
    if (elapsedMs < policy.stallTimeoutMs) return false;
    const bytesMin =
      waitingFor === 'body' ? (policy.minimumBodyBytesPerSecond * elapsedMs) / 1000 : 0;
    const isTooSlow = this.#bytes < Math.max(1, bytesMin);
    this.#restart(waitingFor, nowMs);
    return isTooSlow;
  }

  #restart(waitingFor: WaitingFor, nowMs: number): void {
    this.#waitingFor = waitingFor;
    this.#startMs = nowMs;
    this.#bytes = 0;
  }
}
