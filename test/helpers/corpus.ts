import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** A file of the test corpus, as its manifest describes it. */
export interface CorpusFile {
  readonly path: string;
  readonly valid: boolean;
  readonly storable: boolean;
  readonly frames: number;
  readonly transferSyntax: string | null;
  readonly sopClass: string | null;
}

const repositoryRoot = path.resolve(import.meta.dirname, '../../..');
const corpusDir = path.resolve(
  repositoryRoot,
  process.env['GANTRY_TEST_CORPUS'] ?? '../shared/data',
);

/** The manifest of the corpus that GANTRY_TEST_CORPUS names; undefined when there is none. */
export function readCorpusManifest(): readonly CorpusFile[] | undefined {
  const manifest = path.join(corpusDir, 'MANIFEST.json');
  if (!existsSync(manifest)) return undefined;
  return JSON.parse(readFileSync(manifest, 'utf8')) as CorpusFile[];
}

export function corpusPath(file: CorpusFile): string {
  return path.join(corpusDir, file.path);
}

export function readCorpusFile(file: CorpusFile): Uint8Array {
  return new Uint8Array(readFileSync(corpusPath(file)));
}

/** Reason to give to `t.skip`. */
export const corpusMissing =
  'NO TEST CORPUS: set GANTRY_TEST_CORPUS to a folder with a MANIFEST.json to run this test';
