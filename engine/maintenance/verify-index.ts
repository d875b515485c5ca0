import { access } from 'node:fs/promises';
import { DuckdbQueryIndex } from '#engine/index/duckdb-query-index.js';
import { Fingerprint } from '#engine/index/fingerprint.js';
import { dataDirectoryOf } from '#engine/store/data-directory.js';
import type { OpenedStore } from '#engine/store/open-store.js';
import { catchUp, duckdbOptions, type IndexMaintenanceOptions } from './rebuild-index.js';
import type { VerifyFindings } from './verify-report.js';

/**
 * Compares the rows of the index with the records: as many on each level of each partition, each in its newest version and once.
 * An index that is only behind, as after a crash, first catches up as it would at the next start. A missing one is no problem:
 * it is made anew then.
 */
export async function verifyIndex(
  store: OpenedStore,
  partitions: readonly number[],
  options: IndexMaintenanceOptions,
  findings: VerifyFindings,
): Promise<void> {
  const path = dataDirectoryOf(options.dataDir).index;
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  if (!exists) return;
  try {
    const index = await DuckdbQueryIndex.open(path, duckdbOptions(options));
    try {
      await catchUp(index, store.reader, () => undefined);
      for (const partition of partitions) await comparePartition(store, partition, index, findings);
    } finally {
      await index.close();
    }
  } catch (error) {
    findings.add('index', 'index.duckdb', error instanceof Error ? error.message : String(error));
  }
}

async function comparePartition(
  { reader }: OpenedStore,
  partition: number,
  index: DuckdbQueryIndex,
  findings: VerifyFindings,
): Promise<void> {
  const expected = {
    study: new Fingerprint(),
    series: new Fingerprint(),
    instance: new Fingerprint(),
  };
  for (const study of reader.studies(partition)) {
    const { studyInstanceUid } = study;
    expected.study.add(study.sequence);
    for (const { sequence } of reader.series(partition, studyInstanceUid)) {
      expected.series.add(sequence);
    }
    for (const { sequence } of reader.instances(partition, studyInstanceUid)) {
      expected.instance.add(sequence);
    }
  }
  for (const level of ['study', 'series', 'instance'] as const) {
    const found = await index.fingerprint(level, partition);
    if (found.equals(expected[level])) continue;
    const detail = `${found.count} rows for ${expected[level].count} records, or other versions`;
    findings.add('index', `${level} rows of partition ${partition}`, detail);
  }
}
