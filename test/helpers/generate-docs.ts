import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configMarkdown } from '#src/config/describe-config.js';
import { withConformanceTables } from './conformance-tables.js';
import { repositoryRoot } from './repository.js';

/** Writes the documents that follow from tables in the code; `make generate` runs it, test/architecture compares. */
writeFileSync(join(repositoryRoot, 'docs/CONFIGURATION.md'), configMarkdown());
const conformancePath = join(repositoryRoot, 'docs/CONFORMANCE.md');
const conformance = readFileSync(conformancePath, 'utf8');
writeFileSync(conformancePath, withConformanceTables(conformance));
