import { makeReadCorpora } from '#bench/corpus/corpora.js';
import { generateStore } from '#bench/corpus/generate-store.js';
import { scales } from '#bench/run-scale.js';
import { stow } from '#test/helpers/dicomweb-client.js';
import { startServer } from '#test/helpers/server.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';
import { numberedInstance } from './numbered-instance.js';
import { processorMs } from './process-figures.js';
import type { Figures, ScenarioRun } from './scenario.js';

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
  const small = new RestartedStore(smallCount, await generated(smallCount, run));
  const large = new RestartedStore(studies, store ?? (await generated(studies, run)));
  const figures = (): Figures => ({ ...small.figures(), ...large.figures() });
  for (let round = 0; round < rounds && !run.isOver(); round++) {
    for (const each of [small, large]) {
      // The first start may have to make up for how the store came to be.
      run.progress(await each.restart(round > 0), round > 0 ? figures() : undefined);
    }
  }
  return figures();
}

class RestartedStore {
  readonly #name: string;
  readonly #dataDir: string;
  readonly #readyMs: number[] = [];
  readonly #processorMs: number[] = [];

  constructor(count: number, dataDir: string) {
    this.#name = `${count.toLocaleString('en-US')} instances`;
    this.#dataDir = dataDir;
  }

  /** Starts a server, stores an instance and kills it; returns what it took. */
  async restart(isMeasured: boolean): Promise<string> {
    const startedAt = performance.now();
    const server = await startServer({ dataDir: this.#dataDir });
    const readyMs = Math.round(performance.now() - startedAt);
    const usedMs = processorMs(server.process.pid!);
    if (isMeasured) {
      this.#readyMs.push(readyMs);
      this.#processorMs.push(usedMs);
    }
    const { part10 } = numberedInstance({ seed: `8.${Date.now()}`, number: 2 });
    const { status } = await stow(server.dicomwebUrl, [part10]);
    if (status !== 200) throw new Error(`a Store request was answered ${status}`);
    await server.kill();
    return `${this.#name}: ${readyMs} ms, processor time ${usedMs} ms`;
  }

  figures(): Figures {
    return {
      [`restarts with ${this.#name}`]: this.#readyMs.length,
      [`ready with ${this.#name}, ms`]: { samples: this.#readyMs },
      [`processor time until then with ${this.#name}, ms`]: { samples: this.#processorMs },
    };
  }
}

async function generated(studies: number, run: ScenarioRun): Promise<string> {
  const dataDir = temporaryDirectory();
  const { generated: corpus } = makeReadCorpora({ ...scales.small, generatedStudyCount: studies });
  await generateStore(dataDir, corpus, (count) => run.progress(`${count} of ${studies} studies`));
  return dataDir;
}
