import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configMarkdown } from '#src/config/describe-config.js';
import { repositoryRoot } from './repository.js';

/** Writes the documents that follow from tables in the code; `make generate` runs it, test/architecture compares. */
writeFileSync(join(repositoryRoot, 'docs/CONFIGURATION.md'), configMarkdown());
