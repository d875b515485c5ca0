import { makeReadCorpora } from '#bench/corpus/corpora.js';
import { generateStore } from '#bench/corpus/generate-store.js';
import { scales } from '#bench/run-scale.js';
import { stow } from '#test/helpers/dicomweb-client.js';
import { startServer } from '#test/helpers/server.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';
import { numberedInstance } from './numbered-instance.js';
import type { Figure, Figures, ScenarioRun } from './scenario.js';

export interface RestartsOptions {
  /** Studies of one instance each in the larger store; the smaller has a hundredth. */
  readonly studies: number;
  /** A store with so many, made by bench/generate.ts; one is made without it. */
  readonly store: string | undefined;
  readonly rounds: number;
}

const smallShare = 0.01;

/**
 * Kills a server on a small store and one on a store a hundred times as large, in turn, and starts them again: whether the time
 * until it is ready grows with the store.
 */
export async function restarts(
  { studies, store, rounds }: RestartsOptions,
  run: ScenarioRun,
): Promise<Figures> {
  const smallCount = Math.ceil(studies * smallShare);
  const stores = [
    { count: smallCount, dataDir: await generated(smallCount, run), readyMs: [] as number[] },
    {
      count: studies,
      dataDir: store ?? (await generated(studies, run)),
      readyMs: [] as number[],
    },
  ];
  for (let round = 0; round < rounds && !run.isOver(); round++) {
    for (const each of stores) {
      const startedAt = performance.now();
      const server = await startServer({ dataDir: each.dataDir });
      const readyMs = performance.now() - startedAt;
      // The first start may have to make up for how the store came to be.
      if (round > 0) each.readyMs.push(Math.round(readyMs));
      const { part10 } = numberedInstance({ seed: `8.${startedAt.toFixed(0)}`, number: 2 });
      const { status } = await stow(server.dicomwebUrl, [part10]);
      if (status !== 200) throw new Error(`a Store request was answered ${status}`);
      await server.kill();
      run.progress(`${each.count} studies: ${readyMs.toFixed(0)} ms`);
    }
  }
  return figuresOf(stores);
}

function figuresOf(
  stores: readonly { readonly count: number; readonly readyMs: readonly number[] }[],
): Figures {
  const figures: Record<string, Figure> = {};
  for (const { count, readyMs } of stores) {
    const name = `${count.toLocaleString('en-US')} instances`;
    figures[`restarts with ${name}`] = readyMs.length;
    figures[`ready with ${name}, ms`] = { samples: readyMs };
  }
  return figures;
}

async function generated(studies: number, run: ScenarioRun): Promise<string> {
  const dataDir = temporaryDirectory();
  const { generated: corpus } = makeReadCorpora({ ...scales.small, generatedStudyCount: studies });
  await generateStore(dataDir, corpus, (count) => run.progress(`${count} of ${studies} studies`));
  return dataDir;
}
