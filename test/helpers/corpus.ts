import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const repositoryRoot = fileURLToPath(new URL('../../..', import.meta.url));

/** Directory of the corpus of real DICOM files; not part of the repository. */
export const corpusDir = resolve(
  process.env['GANTRY_TEST_CORPUS'] ?? join(repositoryRoot, '../shared/data'),
);

const manifestPath = join(corpusDir, 'MANIFEST.json');

/** Why tests on real files are skipped, or false. */
export const corpusMissing: string | false = existsSync(manifestPath)
  ? false
  : 'NO REAL DATA TESTED: set GANTRY_TEST_CORPUS to the directory of the corpus';

export interface CorpusFile {
  readonly path: string;
  readonly size: number;
  readonly sopClass: string;
  readonly transferSyntax: string | null;
  readonly rows: number | string | null;
  /** 1 also where there are no pixels at all: see `rows`. */
  readonly frames: number;
  readonly studyUID: string;
  readonly seriesUID: string;
  readonly sopInstanceUID: string;
  readonly valid: boolean;
  readonly storable: boolean;
  readonly note?: string;
  readonly bitsStored?: number;
  readonly photometric?: string | null;
  /** Path of the uncompressed original. */
  readonly reference?: string;
  /** Other software decoded the file to the very pixels of its original. */
  readonly referenceExact?: boolean;
  /** What that comparison gave. */
  readonly referenceCheck?: { readonly result: string; readonly maxAbsDiff?: number };
}

export function corpusFiles(): CorpusFile[] {
  return JSON.parse(readFileSync(manifestPath, 'utf8')) as CorpusFile[];
}

export function readCorpusFile(file: CorpusFile): Buffer {
  return readFileSync(join(corpusDir, file.path));
}

/**
 * Splits files so that no group names an instance twice: the corpus holds the same image in several transfer syntaxes, and a
 * store keeps one.
 */
export function groupsWithoutRepeats(files: readonly CorpusFile[]): CorpusFile[][] {
  const groups: CorpusFile[][] = [];
  const seen = new Map<string, number>();
  for (const file of files) {
    const index = seen.get(file.sopInstanceUID) ?? 0;
    seen.set(file.sopInstanceUID, index + 1);
    (groups[index] ??= []).push(file);
  }
  return groups;
}

export function corpusPath(file: CorpusFile): string {
  return join(corpusDir, file.path);
}
