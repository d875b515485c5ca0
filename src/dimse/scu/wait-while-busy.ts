import { setTimeout as delay } from 'node:timers/promises';
import { GantryError } from '#engine/base/error-catalogue.js';

const firstDelayMs = 50;
const delayMsMax = 1_000;
/** Shorter than peers wait for the rest of a data set. */
const waitMsMax = 20_000;

/**
 * Does `work` again while it is refused because too many wait for the same (`too-many-requests`, as a full codec queue says): who
 * sends instances one after another can wait for its turn, and half a data set cannot be taken back. Rejects as `work`.
 */
export async function waitWhileBusy<Result>(work: () => Promise<Result> | Result): Promise<Result> {
  let waitedMs = 0;
  for (let delayMs = firstDelayMs; ; delayMs = Math.min(2 * delayMs, delayMsMax)) {
    try {
      return await work();
    } catch (error) {
      const isBusy = error instanceof GantryError && error.code === 'too-many-requests';
      if (!isBusy || waitedMs >= waitMsMax) throw error;
    }
    await delay(delayMs);
    waitedMs += delayMs;
  }
}
