import { rmSync } from 'node:fs';
import { openStore } from '#engine/store/open-store.js';
import { assertAcknowledged, assertConsistent } from '#test/helpers/store-checks.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';
import { interceptFiles } from './intercept-files.js';
import type { Figures, ScenarioRun } from './scenario.js';
import { StoreBed } from './store-bed.js';

const groupsPerRound = 6;
/** Syncs of a round: of segments, spills, the directory, and batches. */
const syncsPerRound = 14;

/**
 * The n-th sync of a store fails with EIO, for one n after another: whether anything is acknowledged from then on, and whether all
 * that was acknowledged before is there.
 */
export async function failedSyncs(injectionsMax: number, run: ScenarioRun): Promise<Figures> {
  let hits = 0;
  let falseAcknowledgements = 0;
  let acknowledgedBefore = 0;
  for (let round = 0; round < injectionsMax && !run.isOver(); round++) {
    const directory = temporaryDirectory();
    const bed = await StoreBed.open(directory);
    const failing = 1 + (round % syncsPerRound);
    let count = 0;
    let hasFailed = false;
    const restore = interceptFiles({
      before: ({ kind }) => {
        if (kind !== 'sync' && kind !== 'batch') return;
        count += 1;
        if (count !== failing) return;
        hasFailed = true;
        const code = kind === 'sync' ? 'EIO' : 'LEVEL_IO_ERROR';
        throw Object.assign(new Error('IO error: injected'), { code });
      },
    });
    const acknowledged: number[] = [];
    try {
      for (let group = 0; group < groupsPerRound; group++) {
        const hadFailed = hasFailed;
        const first = round * 100 + group * 3;
        const numbers = bed.commit([first, first + 1, first + 2]);
        if (hadFailed) falseAcknowledgements += numbers.length;
        acknowledged.push(...numbers);
        if (hadFailed && bed.delete(first)) falseAcknowledgements += 1;
      }
    } finally {
      restore();
    }
    await bed.close();
    if (hasFailed) hits += 1;
    const store = await openStore({ directory });
    assertAcknowledged(store, acknowledged);
    assertConsistent(store);
    await store.close();
    acknowledgedBefore += acknowledged.length;
    rmSync(directory, { recursive: true });
    if (round % 50 === 49) run.progress(`${round + 1} injections`);
  }
  return {
    'syncs made to fail': hits,
    'acknowledged before the failure, all found': acknowledgedBefore,
    'acknowledged after the failure': falseAcknowledgements,
  };
}
