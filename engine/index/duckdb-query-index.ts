import { assert } from '#engine/base/assert.js';
import { GantryError } from '#engine/base/error-catalogue.js';
import type { QueryLevel } from '#engine/dicom/indexed-attributes.js';
import { compileCount, compileSql, indexTables } from '#engine/query/compile-sql.js';
import type { QueryExpression, QueryKey, QueryPage } from '#engine/query/query-expression.js';
import type { InstanceKey } from '#engine/store/catalog/catalog-records.js';
import type { IndexFeed } from '#engine/threads/task-messages.js';
import {
  DuckdbDatabase,
  isDuckdbDamage,
  isDuckdbInterrupt,
  isDuckdbOutOfMemory,
  type DuckdbCell,
  type DuckdbConnection,
} from '#native-bindings/duckdb/duckdb-database.js';
import { mergeFeeds, type PartitionBatch, type RowChange } from './feed-batch.js';
import { Fingerprint, fingerprintColumns } from './fingerprint.js';
import type { QueryIndex } from './query-index.js';
import { createStatements, rowOf, schemaVersion } from './schema.js';

export interface DuckdbQueryIndexOptions {
  readonly memoryBytesMax: number;
  /** 1 is as fast as 2 on machines of up to four cores. */
  readonly threadCount: number;
  readonly temporaryDirectory: string;
}

/**
 * Queries that run at the same time. Each occupies a thread of libuv's pool, whose four also serve the file system; one more is
 * the writer's.
 */
const readerCount = 2;

/** A checkpoint stops commits for its length; a log of this size is written again in some tens of milliseconds. */
const checkpointBytes = 64 * 1024 * 1024;

/** The QueryIndex of the product, in one DuckDB file or in memory (`:memory:`). */
export class DuckdbQueryIndex implements QueryIndex {
  readonly #database: DuckdbDatabase;
  readonly #writer: DuckdbConnection;
  readonly #readers: readonly DuckdbConnection[];
  readonly #idleReaders: DuckdbConnection[];
  readonly #waiting: ((reader: DuckdbConnection) => void)[] = [];
  #appliedSequence = 0;
  #isClosing = false;

  private constructor(
    database: DuckdbDatabase,
    writer: DuckdbConnection,
    readers: readonly DuckdbConnection[],
  ) {
    this.#database = database;
    this.#writer = writer;
    this.#readers = readers;
    this.#idleReaders = [...readers];
  }

  /** Makes an index in a file that does not exist yet. Throws DuckDB's errors. */
  static async create(path: string, options: DuckdbQueryIndexOptions): Promise<DuckdbQueryIndex> {
    const index = await DuckdbQueryIndex.#connect(path, options);
    await index.#closeOnError(async () => {
      await index.#writer.transaction(async () => {
        for (const statement of createStatements) await index.#writer.run(statement);
      });
    });
    return index;
  }

  /** Opens an existing index. Throws DuckDB's errors, and `corrupt` when the index is of another version. */
  static async open(path: string, options: DuckdbQueryIndexOptions): Promise<DuckdbQueryIndex> {
    const index = await DuckdbQueryIndex.#connect(path, options);
    await index.#closeOnError(async () => {
      const rows = await index.#writer.run(
        'SELECT schema_version, applied_sequence FROM index_state',
      );
      const [version, sequence] = rows[0] ?? [];
      if (version !== schemaVersion) throw new GantryError('corrupt', 'index of another version');
      index.#appliedSequence = Number(sequence);
    });
    return index;
  }

  get appliedSequence(): number {
    return this.#appliedSequence;
  }

  async apply(feeds: readonly IndexFeed[]): Promise<void> {
    const fresh = feeds.filter((feed) => feed.sequence > this.#appliedSequence);
    const last = fresh.at(-1);
    if (last === undefined) return;
    const partitions = mergeFeeds(fresh);
    try {
      await this.#writer.transaction(async () => {
        for (const [partition, batch] of partitions) await this.#deleteReplaced(partition, batch);
        await this.#writer.append('studies', studyRows(partitions));
        await this.#writer.append('series', seriesRows(partitions));
        await this.#writer.append('instances', instanceRows(partitions));
        await this.#writer.run('UPDATE index_state SET applied_sequence = $1', [
          BigInt(last.sequence),
        ]);
      });
    } catch (error) {
      throw new GantryError('corrupt', 'the index could not be written', { cause: error });
    }
    this.#appliedSequence = last.sequence;
  }

  async query(expression: QueryExpression, signal?: AbortSignal): Promise<QueryPage> {
    const { text, values, positionCells } = compileSql(expression);
    const { limit, wantsTotal } = expression;
    const count = wantsTotal === true ? compileCount(expression) : undefined;
    const reader = await this.#takeReader();
    try {
      this.#refuseWhenClosing();
      const counted = count === undefined ? [] : await reader.run(count.text, count.values, signal);
      // Closing waits for the statement under way alone.
      this.#refuseWhenClosing();
      const rows = await reader.run(text, values, signal);
      const lastRow = rows.length > limit ? rows[limit - 1] : undefined;
      const total = counted[0]?.[0];
      return {
        keys: rows.slice(0, limit).map((row) => keyOf(expression.level, row)),
        isCut: rows.length > limit,
        ...(lastRow === undefined
          ? {}
          : { last: positionCells.map((cell) => toPositionValue(lastRow[cell])) }),
        ...(total === undefined ? {} : { total: Number(total) }),
      };
    } catch (error) {
      signal?.throwIfAborted();
      throw toQueryError(error);
    } finally {
      this.#returnReader(reader);
    }
  }

  /** What the rows of a partition are, for a comparison with the catalogue. Throws DuckDB's errors. */
  async fingerprint(level: QueryLevel, partition: number): Promise<Fingerprint> {
    const [row] = await this.#writer.run(
      `SELECT ${fingerprintColumns} FROM ${indexTables[level].table} WHERE partition = $1`,
      [BigInt(partition)],
    );
    const [count, sum, scattered] = (row ?? []).map((cell) => BigInt(String(cell)));
    return new Fingerprint(Number(count), sum, scattered);
  }

  /** Which instances there are by their newest change, of those named; the others are left out. Throws DuckDB's errors. */
  async findInstances(
    partition: number,
    keys: readonly InstanceKey[],
    sequenceMin: number,
  ): Promise<InstanceRow[]> {
    const rows = await this.#writer.run(
      `SELECT ${instanceCells} FROM instances WHERE partition = $1 AND sequence >= $2` +
        ' AND (study_instance_uid, series_instance_uid, sop_instance_uid)' +
        ' IN (SELECT unnest($3), unnest($4), unnest($5))',
      [
        BigInt(partition),
        BigInt(sequenceMin),
        keys.map((key) => key.studyInstanceUid),
        keys.map((key) => key.seriesInstanceUid),
        keys.map((key) => key.sopInstanceUid),
      ],
    );
    return rows.map(instanceRowOf);
  }

  /** Up to `limit` instances whose newest change is behind `sequence`, in the order of these. Throws DuckDB's errors. */
  async instancesBehind(sequence: number, limit: number): Promise<InstanceRow[]> {
    const rows = await this.#writer.run(
      `SELECT ${instanceCells} FROM instances WHERE sequence > $1 ORDER BY sequence LIMIT $2`,
      [BigInt(sequence), BigInt(limit)],
    );
    return rows.map(instanceRowOf);
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    for (const reader of this.#readers) await reader.close();
    await this.#writer.close();
    this.#database.close();
  }

  static async #connect(path: string, options: DuckdbQueryIndexOptions): Promise<DuckdbQueryIndex> {
    const database = await DuckdbDatabase.open(path, { ...options, checkpointBytes });
    const readers: DuckdbConnection[] = [];
    for (let i = 0; i < readerCount; i++) readers.push(await database.connect());
    return new DuckdbQueryIndex(database, await database.connect(), readers);
  }

  async #closeOnError(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /**
   * Deletes the versions that the batch replaces or removes. Besides the UID only a lower bound of the sequence is asked for: a replay may
   * have brought a newer version than the one the store thread knows of, which goes as well.
   */
  async #deleteReplaced(partition: number, batch: PartitionBatch): Promise<void> {
    const bound = (rows: ReplacedRows<unknown>): [bigint, bigint] => [
      BigInt(partition),
      BigInt(rows.sequenceMin),
    ];
    const studies = replacedRows(batch.studies);
    if (studies.keys.length > 0) {
      await this.#writer.run(
        'DELETE FROM studies WHERE partition = $1 AND sequence >= $2' +
          ' AND study_instance_uid IN (SELECT unnest($3))',
        [...bound(studies), studies.keys.map((key) => key.studyInstanceUid)],
      );
    }
    const series = replacedRows(batch.series);
    if (series.keys.length > 0) {
      await this.#writer.run(
        'DELETE FROM series WHERE partition = $1 AND sequence >= $2' +
          ' AND (study_instance_uid, series_instance_uid) IN (SELECT unnest($3), unnest($4))',
        [
          ...bound(series),
          series.keys.map((key) => key.studyInstanceUid),
          series.keys.map((key) => key.seriesInstanceUid),
        ],
      );
    }
    const instances = replacedRows(batch.instances);
    if (instances.keys.length > 0) {
      await this.#writer.run(
        'DELETE FROM instances WHERE partition = $1 AND sequence >= $2' +
          ' AND (study_instance_uid, series_instance_uid, sop_instance_uid)' +
          ' IN (SELECT unnest($3), unnest($4), unnest($5))',
        [
          ...bound(instances),
          instances.keys.map((key) => key.studyInstanceUid),
          instances.keys.map((key) => key.seriesInstanceUid),
          instances.keys.map((key) => key.sopInstanceUid),
        ],
      );
    }
  }

  #refuseWhenClosing(): void {
    if (this.#isClosing) throw new GantryError('store-unavailable', 'the index is closing');
  }

  async #takeReader(): Promise<DuckdbConnection> {
    return (
      this.#idleReaders.pop() ??
      new Promise((resolve) => {
        this.#waiting.push(resolve);
      })
    );
  }

  #returnReader(reader: DuckdbConnection): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idleReaders.push(reader);
    else next(reader);
  }
}

/** What the index says of an instance beside its attributes. */
export interface InstanceRow extends InstanceKey {
  readonly partition: number;
  readonly sequence: number;
}

const instanceCells =
  'partition, sequence, study_instance_uid, series_instance_uid, sop_instance_uid';

function instanceRowOf(row: readonly DuckdbCell[]): InstanceRow {
  const [partition, sequence, ...uids] = row;
  const [studyInstanceUid, seriesInstanceUid, sopInstanceUid] = uids.map(String);
  return {
    partition: Number(partition),
    sequence: Number(sequence),
    studyInstanceUid: studyInstanceUid!,
    seriesInstanceUid: seriesInstanceUid!,
    sopInstanceUid: sopInstanceUid!,
  };
}

interface ReplacedRows<Key> {
  readonly keys: readonly Key[];
  readonly sequenceMin: number;
}

function replacedRows<Key, Row extends Key>(
  rows: ReadonlyMap<string, RowChange<Key, Row>>,
): ReplacedRows<Key> {
  const keys: Key[] = [];
  let sequenceMin = Number.MAX_SAFE_INTEGER;
  for (const { key, replacedSequence } of rows.values()) {
    if (replacedSequence === 0) continue;
    keys.push(key);
    sequenceMin = Math.min(sequenceMin, replacedSequence);
  }
  return { keys, sequenceMin };
}

type Partitions = ReadonlyMap<number, PartitionBatch>;

function* studyRows(partitions: Partitions): Generator<DuckdbCell[]> {
  for (const [partition, { studies }] of partitions) {
    for (const { record } of studies.values()) {
      if (record !== undefined) yield rowOf('study', partition, record);
    }
  }
}

function* seriesRows(partitions: Partitions): Generator<DuckdbCell[]> {
  for (const [partition, { series }] of partitions) {
    for (const { record } of series.values()) {
      if (record !== undefined) yield rowOf('series', partition, record);
    }
  }
}

function* instanceRows(partitions: Partitions): Generator<DuckdbCell[]> {
  for (const [partition, { instances }] of partitions) {
    for (const { record } of instances.values()) {
      if (record !== undefined) yield rowOf('instance', partition, record);
    }
  }
}

function keyOf(level: QueryLevel, row: readonly DuckdbCell[]): QueryKey {
  const [studyInstanceUid, seriesInstanceUid, sopInstanceUid] = row;
  assert(typeof studyInstanceUid === 'string', 'every row has a StudyInstanceUID');
  if (level === 'study') return { studyInstanceUid };
  assert(typeof seriesInstanceUid === 'string', 'every row has a SeriesInstanceUID');
  if (level === 'series') return { studyInstanceUid, seriesInstanceUid };
  assert(typeof sopInstanceUid === 'string', 'every row has a SOPInstanceUID');
  return { studyInstanceUid, seriesInstanceUid, sopInstanceUid };
}

/** Cells that rows are ordered by are VARCHAR or DOUBLE. */
function toPositionValue(cell: DuckdbCell | undefined): string | number | null {
  return typeof cell === 'string' || typeof cell === 'number' ? cell : null;
}

function toQueryError(error: unknown): unknown {
  if (error instanceof GantryError) return error;
  if (isDuckdbInterrupt(error)) {
    return new GantryError('store-unavailable', 'the index is closing', { cause: error });
  }
  if (isDuckdbOutOfMemory(error)) {
    return new GantryError('out-of-resources', 'the search needs too much memory', {
      cause: error,
    });
  }
  return isDuckdbDamage(error)
    ? new GantryError('corrupt', 'the index is damaged', { cause: error })
    : error;
}
