import { DuckdbQueryIndex } from '#engine/index/duckdb-query-index.js';
import { feedOfRecords, instanceRecord, studyRecord } from './record-builder.js';

/** Started as a process of its own: feeds an index and writes each applied sequence to its output until it is killed. */
const index = await DuckdbQueryIndex.create(process.argv[2] ?? '', {
  memoryBytesMax: 64 * 1024 * 1024,
  threadCount: 1,
  temporaryDirectory: '',
});

for (let sequence = 1; ; sequence++) {
  await index.apply([
    feedOfRecords(
      sequence,
      {
        studies: [studyRecord('1.1', sequence)],
        instances: [instanceRecord('1.1', '2.1', `3.${sequence}`, sequence)],
      },
      sequence - 1,
    ),
  ]);
  process.stdout.write(`${sequence}\n`);
}
