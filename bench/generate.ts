import { parseArgs } from 'node:util';

import { makeReadCorpora } from './corpus/corpora.js';
import { generateStore } from './corpus/generate-store.js';
import { parseStudyCount } from './run-options.js';
import { scales } from './run-scale.js';

const USAGE = `Usage: generate.js --data-dir FOLDER --studies N
  Fills a new data directory with N studies of one small image each, some 600 to 1,000 a second, for
  run.js --subject gantry-generated --store FOLDER --studies N --only large
  or for a server.
`;

/** Makes a store with as many studies as the command line says, and prints how far it is. */
async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      'data-dir': { type: 'string' },
      studies: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const directory = values['data-dir'];
  if (values.help || directory === undefined || values.studies === undefined) {
    process.stdout.write(USAGE);
    return;
  }
  const generatedStudyCount = parseStudyCount(values.studies);
  const { generated } = makeReadCorpora({ ...scales.small, generatedStudyCount });
  const startedMs = performance.now();
  await generateStore(directory, generated, (count) => {
    const perSecond = (count / (performance.now() - startedMs)) * 1000;
    process.stdout.write(`${count} of ${generatedStudyCount} studies, ${perSecond.toFixed(0)}/s\n`);
  });
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`generate: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
