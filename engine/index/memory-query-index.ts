import { evaluateInMemory } from '#engine/query/evaluate-in-memory.js';
import type { QueryExpression, QueryPage } from '#engine/query/query-expression.js';
import type {
  InstanceRecord,
  SeriesRecord,
  StudyRecord,
} from '#engine/store/catalog/catalog-records.js';
import type { IndexFeed } from '#engine/threads/task-messages.js';
import { rowKey } from './feed-batch.js';
import type { QueryIndex } from './query-index.js';

interface PartitionRecords {
  readonly studies: Map<string, StudyRecord>;
  readonly series: Map<string, SeriesRecord>;
  readonly instances: Map<string, InstanceRecord>;
}

/** A QueryIndex for tests: records in maps, every query a walk over all of them. */
export class MemoryQueryIndex implements QueryIndex {
  readonly #partitions = new Map<number, PartitionRecords>();
  #appliedSequence = 0;

  get appliedSequence(): number {
    return this.#appliedSequence;
  }

  async apply(feeds: readonly IndexFeed[]): Promise<void> {
    for (const feed of feeds) {
      if (feed.sequence <= this.#appliedSequence) continue;
      const records = this.#partitions.get(feed.partition) ?? {
        studies: new Map(),
        series: new Map(),
        instances: new Map(),
      };
      this.#partitions.set(feed.partition, records);
      for (const key of feed.removed.studies) records.studies.delete(rowKey(key));
      for (const key of feed.removed.series) records.series.delete(rowKey(key));
      for (const key of feed.removed.instances) records.instances.delete(rowKey(key));
      for (const study of feed.studies) records.studies.set(rowKey(study), study);
      for (const series of feed.series) records.series.set(rowKey(series), series);
      for (const instance of feed.instances) records.instances.set(rowKey(instance), instance);
      this.#appliedSequence = feed.sequence;
    }
  }

  async query(expression: QueryExpression, signal?: AbortSignal): Promise<QueryPage> {
    signal?.throwIfAborted();
    const records = this.#partitions.get(expression.partition);
    return evaluateInMemory(expression, {
      studies: [...(records?.studies.values() ?? [])],
      series: [...(records?.series.values() ?? [])],
      instances: [...(records?.instances.values() ?? [])],
    });
  }

  async close(): Promise<void> {
    this.#partitions.clear();
  }
}
