import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { GantryError } from '#engine/base/error-catalogue.js';

/**
 * What a file of settings holds; undefined when there is none. Throws `store-unavailable`, which names the file, when it is not
 * what was written: settings that decide who may do what must not vanish silently.
 */
export function readSettingsFile<Value>(path: string, schema: z.ZodType<Value>): Value | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    const detail = `${path} is damaged; bring it back from a backup, or remove it to begin without it`;
    throw new GantryError('store-unavailable', detail, { cause });
  }
}
