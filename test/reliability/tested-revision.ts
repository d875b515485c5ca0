import { execFileSync } from 'node:child_process';
import { readEnvironment } from '#bench/harness/environment-record.js';
import { repositoryRoot } from '#test/helpers/repository.js';

/** The commit under test; `-dirty` when anything but documents, into which runs write their figures, differs from it. */
export function testedRevision(): string {
  const { gitRevision } = readEnvironment();
  const commit = gitRevision.replace(/-dirty$/, '');
  if (commit === gitRevision) return gitRevision;
  const command = ['status', '--porcelain', '--untracked-files=no', '--', '.', ':!docs'];
  const changed = execFileSync('git', command, { cwd: repositoryRoot, encoding: 'utf8' });
  return changed === '' ? commit : gitRevision;
}
