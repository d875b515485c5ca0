import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Absolute path of the repository, seen from dist/test/helpers. */
export const repositoryRoot = resolve(import.meta.dirname, '../../..');

/** Paths, relative to the root, of what is or would be committed: tracked files and new ones that are not ignored. */
export function listRepositoryFiles(): string[] {
  const listing = execFileSync(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
    {
      cwd: repositoryRoot,
      encoding: 'utf8',
    },
  );
  // a deleted file is listed until the deletion is committed
  return listing
    .split('\0')
    .filter((path) => path !== '' && existsSync(join(repositoryRoot, path)));
}

export function readRepositoryFile(path: string): string {
  return readFileSync(join(repositoryRoot, path), 'utf8');
}
