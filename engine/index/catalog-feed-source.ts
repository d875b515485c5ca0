import type { CatalogReader } from '#engine/store/catalog/catalog-reader.js';
import type { ChangeRecord } from '#engine/store/catalog/catalog-records.js';
import type { IndexFeed } from '#engine/threads/task-messages.js';
import { rowKey, type StudyKey } from './feed-batch.js';
import type { FeedSource } from './feed-source.js';

/** Entries of the change log in one feed. */
const changeCountMax = 1_000;

/** The replaced or removed version of a row that is replayed: any. */
const anyVersion = 1;

/** Replays the change log of a catalogue. Throws what the reader throws. */
export class CatalogFeedSource implements FeedSource {
  readonly #reader: CatalogReader;

  constructor(reader: CatalogReader) {
    this.#reader = reader;
  }

  lastSequence(): number {
    return this.#reader.lastSequence();
  }

  *replay(afterSequence: number): Generator<IndexFeed> {
    // What is deleted while the replay runs may have been replayed before.
    const deletedBefore = afterSequence === 0 ? this.lastSequence() : 0;
    let position = afterSequence;
    for (;;) {
      const changes = this.#reader.readChanges(position, changeCountMax);
      const last = changes.at(-1);
      if (last === undefined) return;
      for (const run of splitByPartition(changes)) yield this.#feedOf(run, deletedBefore);
      position = last.sequence;
    }
  }

  /**
   * The rows that a run of changes touched. An instance comes with the change that wrote its present record: an earlier one was
   * deleted since. Deletions up to `deletedBefore` are of instances that a new index has never seen.
   */
  #feedOf(changes: readonly [ChangeRecord, ...ChangeRecord[]], deletedBefore: number): IndexFeed {
    const { partition } = changes[0];
    const studyKeys = distinct(changes, ({ studyInstanceUid }) => ({ studyInstanceUid }));
    const studyUids = studyKeys.map(({ studyInstanceUid }) => studyInstanceUid);
    const studies = this.#reader.findStudies(partition, studyUids);
    const seriesKeys = distinct(changes, ({ studyInstanceUid, seriesInstanceUid }) => ({
      studyInstanceUid,
      seriesInstanceUid,
    }));
    const series = this.#reader.findSeriesMany(partition, seriesKeys);
    const created = changes.filter(({ action }) => action !== 'delete');
    const instances = this.#reader
      .findInstances(partition, created)
      .filter((record, n) => record?.sequence === created[n]!.sequence);
    const deleted = changes.filter(
      ({ action, sequence }) =>
        (action === 'delete' || action === 'replace') && sequence > deletedBefore,
    );
    const presentStudies = studies.filter(isPresent);
    const presentSeries = series.filter(isPresent);
    const gone = { sequence: anyVersion };
    return {
      kind: 'feed',
      partition,
      sequence: (changes.at(-1) ?? changes[0]).sequence,
      studies: presentStudies,
      series: presentSeries,
      instances: instances.filter(isPresent),
      replacedStudySequences: presentStudies.map(() => anyVersion),
      replacedSeriesSequences: presentSeries.map(() => anyVersion),
      removed: {
        studies: studyKeys
          .filter((_, n) => studies[n] === undefined)
          .map((k) => ({ ...k, ...gone })),
        series: seriesKeys
          .filter((_, n) => series[n] === undefined)
          .map((k) => ({ ...k, ...gone })),
        instances: deleted.map(({ studyInstanceUid, seriesInstanceUid, sopInstanceUid }) => ({
          studyInstanceUid,
          seriesInstanceUid,
          sopInstanceUid,
          ...gone,
        })),
      },
    };
  }
}

/** Cuts `changes` where the partition changes, so that the feeds stay in the order of the log. */
function splitByPartition(
  changes: readonly ChangeRecord[],
): readonly [ChangeRecord, ...ChangeRecord[]][] {
  const runs: [ChangeRecord, ...ChangeRecord[]][] = [];
  for (const change of changes) {
    const run = runs.at(-1);
    if (run !== undefined && run[0].partition === change.partition) run.push(change);
    else runs.push([change]);
  }
  return runs;
}

/** The different keys that the changes name. */
function distinct<Key extends StudyKey>(
  changes: readonly ChangeRecord[],
  keyOf: (change: ChangeRecord) => Key,
): Key[] {
  return [...new Map(changes.map(keyOf).map((key) => [rowKey(key), key])).values()];
}

function isPresent<T>(value: T | undefined): value is T {
  return value !== undefined;
}
