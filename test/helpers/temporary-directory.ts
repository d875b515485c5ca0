import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const directories: string[] = [];

process.once('exit', () => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

/** A new directory that is removed when the process ends, after everything that may still have files open in it. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'gantry-test-'));
  directories.push(directory);
  return directory;
}
