import { readFileSync } from 'node:fs';

/** The text of a file; undefined when there is none. Throws the system's error otherwise. */
export function readFileIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
