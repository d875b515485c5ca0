import {
  DuckDBDataChunkWriter,
  DuckDBInstance,
  LIST,
  VARCHAR,
  type DuckDBConnection,
  type DuckDBPreparedStatement,
} from '@duckdb/node-api';

/** What a cell holds, and what a parameter can be bound to: BIGINT, DOUBLE, VARCHAR. */
export type DuckdbCell = bigint | number | string | null;
/** An array is bound as VARCHAR[]. */
export type DuckdbParameter = bigint | number | string | readonly string[];

export interface DuckdbOptions {
  /** What DuckDB may use before it spills to `temporaryDirectory`, which it creates when needed. */
  readonly memoryBytesMax: number;
  readonly threadCount: number;
  readonly temporaryDirectory: string;
  /** Size of the write-ahead log at which a commit checkpoints. */
  readonly checkpointBytes: number;
}

/**
 * One DuckDB database in this process. Its configuration is locked: SQL can neither read or write other files, nor load or fetch
 * extensions, nor change a setting. Errors are DuckDB's own; `isDuckdbInterrupt` and `isDuckdbDamage` tell them apart.
 */
export class DuckdbDatabase {
  readonly #instance: DuckDBInstance;

  private constructor(instance: DuckDBInstance) {
    this.#instance = instance;
  }

  /** Opens or creates the file at `path`, or a database in memory for `:memory:`. */
  static async open(path: string, options: DuckdbOptions): Promise<DuckdbDatabase> {
    return new DuckdbDatabase(
      await DuckDBInstance.create(path, {
        memory_limit: `${Math.floor(options.memoryBytesMax / 1024)}KiB`,
        threads: String(options.threadCount),
        temp_directory: options.temporaryDirectory,
        checkpoint_threshold: `${Math.floor(options.checkpointBytes / 1024)}KiB`,
        preserve_insertion_order: 'false',
        enable_external_access: 'false',
        autoload_known_extensions: 'false',
        autoinstall_known_extensions: 'false',
        allow_community_extensions: 'false',
        lock_configuration: 'true',
      }),
    );
  }

  async connect(): Promise<DuckdbConnection> {
    return new DuckdbConnection(await this.#instance.connect());
  }

  /** Closes the file. Every connection must be closed before: closing under a running statement hangs the process. */
  close(): void {
    this.#instance.closeSync();
  }
}

/** Statements kept prepared on one connection. */
const preparedStatementCountMax = 64;

/** An interrupt that comes before DuckDB has begun the statement is forgotten, so it is repeated. */
const interruptIntervalMs = 10;

/**
 * One connection. It runs one statement at a time and its caller sees to that: DuckDB crashes when two run on one connection.
 */
export class DuckdbConnection {
  readonly #connection: DuckDBConnection;
  /** By SQL text, least recently used first. */
  readonly #prepared = new Map<string, DuckDBPreparedStatement>();
  #running: Promise<unknown> = Promise.resolve();

  constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  /**
   * Runs one statement with `$1`, `$2`, … bound to `parameters`; rows are arrays in the order of the columns. When `signal` aborts,
   * the statement is interrupted and the promise rejects after it has ended.
   */
  async run(
    sql: string,
    parameters: readonly DuckdbParameter[] = [],
    signal?: AbortSignal,
  ): Promise<DuckdbCell[][]> {
    signal?.throwIfAborted();
    const running = this.#run(sql, parameters);
    this.#running = running.catch(() => undefined);
    const onAbort = (): void => void this.#interrupt();
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await running;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Appends rows to `table`: cells in the order of its columns. */
  async append(table: string, rows: Iterable<readonly DuckdbCell[]>): Promise<void> {
    const appender = await this.#connection.createAppender(table);
    try {
      const writer = DuckDBDataChunkWriter.forAppender(appender);
      for (const row of rows) writer.appendRow(row);
      writer.flush();
    } finally {
      appender.closeSync();
    }
  }

  /** Runs `work` between BEGIN and COMMIT, or ROLLBACK when it throws. */
  async transaction(work: () => Promise<void>): Promise<void> {
    await this.run('BEGIN TRANSACTION');
    try {
      await work();
    } catch (error) {
      // What went wrong first matters; after a fatal error the rollback fails as well.
      await this.run('ROLLBACK').catch(() => undefined);
      throw error;
    }
    await this.run('COMMIT');
  }

  /** Interrupts what runs, waits until it has ended, and disconnects. */
  async close(): Promise<void> {
    await this.#interrupt();
    for (const statement of this.#prepared.values()) statement.destroySync();
    this.#prepared.clear();
    this.#connection.closeSync();
  }

  /** Interrupts the running statement until it has ended. */
  async #interrupt(): Promise<void> {
    this.#connection.interrupt();
    const timer = setInterval(() => {
      this.#connection.interrupt();
    }, interruptIntervalMs);
    await this.#running;
    clearInterval(timer);
  }

  async #run(sql: string, parameters: readonly DuckdbParameter[]): Promise<DuckdbCell[][]> {
    const statement = await this.#prepare(sql);
    parameters.forEach((parameter, i) => {
      bindParameter(statement, i + 1, parameter);
    });
    const result = await statement.run();
    const rows: DuckdbCell[][] = [];
    for (let i = 0; i < result.chunkCount; i++) {
      for (const row of result.getChunk(i).getRows()) rows.push(row as DuckdbCell[]);
    }
    return rows;
  }

  async #prepare(sql: string): Promise<DuckDBPreparedStatement> {
    const known = this.#prepared.get(sql);
    const statement = known ?? (await this.#connection.prepare(sql));
    this.#prepared.delete(sql);
    this.#prepared.set(sql, statement);
    if (this.#prepared.size > preparedStatementCountMax) {
      for (const [oldestSql, oldest] of this.#prepared) {
        oldest.destroySync();
        this.#prepared.delete(oldestSql);
        break;
      }
    }
    return statement;
  }
}

function bindParameter(
  statement: DuckDBPreparedStatement,
  position: number,
  parameter: DuckdbParameter,
): void {
  if (typeof parameter === 'string') statement.bindVarchar(position, parameter);
  else if (typeof parameter === 'number') statement.bindDouble(position, parameter);
  else if (typeof parameter === 'bigint') statement.bindBigInt(position, parameter);
  else statement.bindList(position, parameter, LIST(VARCHAR));
}

/** Whether a statement failed because it was interrupted. */
export function isDuckdbInterrupt(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('INTERRUPT');
}

/** Whether memory or disk ran out under a statement; the database is sound. */
export function isDuckdbOutOfMemory(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Out of Memory Error');
}

/** Whether another process has the file open. */
export function isDuckdbLocked(error: unknown): boolean {
  return error instanceof Error && error.message.includes('Could not set lock');
}

const damageErrors = ['FATAL', 'INTERNAL', 'IO Error', 'Serialization Error', 'Corrupt'];

/** Whether the database can no longer be trusted: DuckDB has invalidated it, or its file is unreadable. */
export function isDuckdbDamage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { message } = error;
  return (
    damageErrors.some((prefix) => message.startsWith(prefix)) ||
    message.includes('database has been invalidated')
  );
}
