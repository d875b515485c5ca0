import { parseArgs } from 'node:util';

import { discoverMicroBenches } from './discover-micro-benches.js';
import { measureMicro } from './micro-bench.js';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    'time-ms': { type: 'string', default: '500' },
  },
});

const nameWidth = 44;
process.stdout.write(
  `${'bench'.padEnd(nameWidth)} ${'min ns'.padStart(10)} ${'p50 ns'.padStart(10)} ${'p99 ns'.padStart(10)} ${'MiB/s'.padStart(8)}\n`,
);
for (const bench of await discoverMicroBenches()) {
  if (!bench.name.includes(values.only)) continue;
  const result = await measureMicro(bench, Number(values['time-ms']));
  const figures = [result.minNs, result.p50Ns, result.p99Ns].map((ns) =>
    ns.toFixed(0).padStart(10),
  );
  const throughput = (result.mebibytesPerSecond?.toFixed(0) ?? '-').padStart(8);
  process.stdout.write(`${result.name.padEnd(nameWidth)} ${figures.join(' ')} ${throughput}\n`);
}
