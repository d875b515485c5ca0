import type { CatalogReader } from '#engine/store/catalog/catalog-reader.js';
import type { ChangeRecord, SeriesKey } from '#engine/store/catalog/catalog-records.js';
import type { IndexFeed } from '#engine/threads/task-messages.js';
import type { FeedSource } from './feed-source.js';

/** Entries of the change log in one feed. */
const changeCountMax = 1_000;

/** The replaced version of a row that is replayed: any. */
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
    let position = afterSequence;
    for (;;) {
      const changes = this.#reader.readChanges(position, changeCountMax);
      const last = changes.at(-1);
      if (last === undefined) return;
      for (const run of splitByPartition(changes)) yield this.#feedOf(run);
      position = last.sequence;
    }
  }

  /** The rows that a run of changes touched; records that are gone by now have no row. */
  #feedOf(changes: readonly [ChangeRecord, ...ChangeRecord[]]): IndexFeed {
    const { partition } = changes[0];
    const studyUids = [...new Set(changes.map((change) => change.studyInstanceUid))];
    const studies = this.#reader.findStudies(partition, studyUids).filter(isPresent);
    const series = this.#reader.findSeriesMany(partition, seriesOf(changes)).filter(isPresent);
    return {
      kind: 'feed',
      partition,
      sequence: (changes.at(-1) ?? changes[0]).sequence,
      studies,
      series,
      instances: this.#reader.findInstances(partition, changes).filter(isPresent),
      replacedStudySequences: studies.map(() => anyVersion),
      replacedSeriesSequences: series.map(() => anyVersion),
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

function seriesOf(changes: readonly ChangeRecord[]): SeriesKey[] {
  const keys = new Map<string, SeriesKey>();
  for (const { studyInstanceUid, seriesInstanceUid } of changes) {
    keys.set(`${studyInstanceUid}/${seriesInstanceUid}`, { studyInstanceUid, seriesInstanceUid });
  }
  return [...keys.values()];
}

function isPresent<T>(value: T | undefined): value is T {
  return value !== undefined;
}
