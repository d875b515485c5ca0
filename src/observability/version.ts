import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { z } from 'zod';

const packageFile = z.object({ name: z.string(), version: z.string() });

/** Versions for `/version`, `gantry version` and bug reports. */
export interface VersionInfo {
  readonly name: string;
  readonly version: string;
  readonly node: string;
  readonly platform: string;
}

/** Reads package.json, which lies two folders above the built file. */
export function readVersionInfo(): VersionInfo {
  const path = createRequire(import.meta.url).resolve('../../../package.json');
  const { name, version } = packageFile.parse(JSON.parse(readFileSync(path, 'utf8')));
  return {
    name,
    version,
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
  };
}
