import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from './repository.js';

/** The built product, started as a site starts it. */
export interface GantryProcess {
  readonly child: ChildProcess;
  /** Resolves with the exit code. */
  readonly exited: Promise<number | null>;
  /** Everything printed so far, both streams. */
  output(): string;
  /** Resolves with the first match of `pattern` in the output; rejects when the process ends before. */
  waitForOutput(pattern: RegExp): Promise<RegExpExecArray>;
  /** Kills it if it still runs, and deletes its data. */
  dispose(): Promise<void>;
}

/** Runs `gantry serve` with a data directory of its own and the variables `env` instead of those of this process. */
export function startGantry(args: readonly string[], env: NodeJS.ProcessEnv = {}): GantryProcess {
  const dataDir = mkdtempSync(join(tmpdir(), 'gantry-data-'));
  const main = join(repositoryRoot, 'dist/src/main.js');
  const child = spawn(process.execPath, [main, 'serve', '--data-dir', dataDir, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      child.emit('output');
    });
  }
  return {
    child,
    exited,
    output: () => output,
    async waitForOutput(pattern) {
      for (;;) {
        const match = pattern.exec(output);
        if (match !== null) return match;
        const hasEnded = await Promise.race([
          once(child, 'output').then(() => false),
          once(child, 'close').then(() => true),
        ]);
        if (hasEnded) throw new Error(`the process ended before ${pattern} came:\n${output}`);
      }
    },
    async dispose() {
      child.kill('SIGKILL');
      await exited;
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
