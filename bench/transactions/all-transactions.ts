import type { Scale } from '../run-scale.js';
import type { BenchCase } from './bench-case.js';
import { cfindCases } from './cfind.js';
import { cmoveCases } from './cmove.js';
import { compressedCases } from './compressed.js';
import { cstoreIngestCases } from './cstore-ingest.js';
import { extremesCases } from './extremes.js';
import { framesCases } from './frames.js';
import { largeCases } from './large.js';
import { metadataCases } from './metadata.js';
import { qidoCases } from './qido.js';
import { renderedCases } from './rendered.js';
import { retrieveCases } from './retrieve.js';
import { stowIngestCases } from './stow-ingest.js';

/** Every transaction by the name that `--only` takes, in the order they run: reading first, on a store that only loads filled. */
export const allTransactions: Readonly<Record<string, (scale: Scale) => readonly BenchCase[]>> = {
  qido: qidoCases,
  cfind: cfindCases,
  frames: framesCases,
  compressed: compressedCases,
  metadata: metadataCases,
  retrieve: retrieveCases,
  cmove: cmoveCases,
  rendered: renderedCases,
  stow: stowIngestCases,
  cstore: cstoreIngestCases,
  large: largeCases,
  extremes: extremesCases,
};

/** Those that run when none is named: all but those that take long to prepare. */
export const defaultTransactions: readonly string[] = Object.keys(allTransactions).filter(
  (name) => name !== 'large' && name !== 'extremes',
);
