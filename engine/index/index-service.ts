import { GantryError, toGantryError } from '#engine/base/error-catalogue.js';
import type { IndexFeed, IndexReply, IndexRequest } from '#engine/threads/task-messages.js';
import type { FeedSource } from './feed-source.js';
import type { IndexFile } from './index-file.js';
import type { QueryIndex } from './query-index.js';

export interface IndexServiceOptions {
  readonly file: IndexFile;
  readonly source: FeedSource;
  /** Takes the next feed that waits on the port of the store thread, without waiting for one. */
  readonly receiveFeed: () => IndexFeed | undefined;
  readonly reply: (reply: IndexReply) => void;
  readonly queryTimeoutMs: number;
}

/**
 * Rows of live feeds are written together: when a query waits for them, when so many have come, or after this time. A write
 * costs about 30 ms of processor time however few its rows are, so writing each commit group by itself would take more of it
 * than ingest. What is lost with the process is read again from the catalogue.
 */
const flushIntervalMs = 1_000;
const flushRowCount = 2_000;

/** Rows that wait in memory. Beyond it they are dropped and read again from the catalogue, at the pace of the index. */
const pendingRowCountMax = 20_000;

const queryCountMax = 1_000;

/** New indexes in a row that failed before they had applied anything. */
const replacementCountMax = 2;

type QueryRequest = Extract<IndexRequest, { kind: 'query' }>;

interface PendingQuery {
  readonly request: QueryRequest;
  readonly abort: AbortController;
  readonly timer: NodeJS.Timeout;
  /** Settles when the query has been answered; undefined while it waits for its rows. */
  running?: Promise<void>;
}

/**
 * What the index thread does, without the thread. One loop, `#work`, does all that changes the index, one thing at a time:
 * replace a damaged one, catch up with the catalogue, write live feeds. Queries run beside it as soon as the index has applied
 * the sequence they ask for; all that wait for the same rows share one write.
 */
export class IndexService {
  readonly #file: IndexFile;
  readonly #source: FeedSource;
  readonly #receiveFeed: () => IndexFeed | undefined;
  readonly #reply: (reply: IndexReply) => void;
  readonly #queryTimeoutMs: number;

  #index: QueryIndex | undefined;
  /** Why the index cannot be used any more. */
  #damage: GantryError | undefined;
  /** The catalogue may hold rows that neither the index nor `#pending` has; live feeds need not be kept. */
  #isBehind = true;
  #isReady = false;
  #isClosing = false;
  #failure: GantryError | undefined;
  #replacementCount = 0;

  #pending: IndexFeed[] = [];
  #pendingRowCount = 0;
  #announcedSequence = 0;
  #flushTimer: NodeJS.Timeout | undefined;
  #isFlushTime = false;
  #working: Promise<void> | undefined;
  readonly #queries = new Map<number, PendingQuery>();

  constructor(options: IndexServiceOptions) {
    this.#file = options.file;
    this.#source = options.source;
    this.#receiveFeed = options.receiveFeed;
    this.#reply = options.reply;
    this.#queryTimeoutMs = options.queryTimeoutMs;
  }

  /** Opens the index, replies `ready` or `failed`, and brings it up to date. */
  start(): void {
    this.#startWork();
  }

  /** A feed that the store thread posted. */
  acceptFeed(feed: IndexFeed): void {
    if (this.#isClosing) return;
    this.#announcedSequence = Math.max(this.#announcedSequence, feed.sequence);
    if (this.#isBehind || this.#damage !== undefined || this.#failure !== undefined) return;
    this.#pending.push(feed);
    this.#pendingRowCount += rowCountOf(feed);
    if (this.#pendingRowCount > pendingRowCountMax) this.#fallBehind();
    if (this.#pendingRowCount >= flushRowCount || this.#isBehind) this.#startWork();
    else this.#armFlushTimer();
  }

  #armFlushTimer(): void {
    this.#flushTimer ??= setTimeout(() => {
      this.#flushTimer = undefined;
      this.#isFlushTime = true;
      this.#startWork();
    }, flushIntervalMs);
  }

  #isFlushDue(): boolean {
    if (this.#pending.length === 0) return false;
    if (this.#isFlushTime || this.#isClosing) return true;
    return this.#pendingRowCount >= flushRowCount || this.#hasWaitingQuery();
  }

  acceptRequest(request: IndexRequest): void {
    if (request.kind === 'query') this.#acceptQuery(request);
    else if (request.kind === 'cancel')
      this.#abortQuery(request.queryId, new GantryError('aborted'));
    else void this.#close();
  }

  #acceptQuery(request: QueryRequest): void {
    const refusal = this.#refusal();
    if (refusal !== undefined) {
      this.#replyFailure(request.queryId, refusal);
      return;
    }
    const timer = setTimeout(() => {
      this.#abortQuery(request.queryId, new GantryError('timeout', 'the search took too long'));
    }, this.#queryTimeoutMs);
    this.#queries.set(request.queryId, {
      request,
      abort: new AbortController(),
      timer,
    });
    this.#drainFeeds();
    this.#startQueries();
    if (this.#pending.length > 0 && this.#hasWaitingQuery()) this.#startWork();
  }

  #refusal(): GantryError | undefined {
    if (this.#failure !== undefined) return this.#failure;
    if (this.#isClosing) return new GantryError('store-unavailable', 'the index is closing');
    return this.#queries.size >= queryCountMax ? new GantryError('too-many-requests') : undefined;
  }

  /** Feeds are posted before the commits they belong to are acknowledged, so what a query may ask for waits on the port. */
  #drainFeeds(): void {
    for (let feed = this.#receiveFeed(); feed !== undefined; feed = this.#receiveFeed()) {
      this.acceptFeed(feed);
    }
  }

  #hasWaitingQuery(): boolean {
    for (const query of this.#queries.values()) if (query.running === undefined) return true;
    return false;
  }

  /** Starts the queries whose rows are applied. */
  #startQueries(): void {
    const index = this.#index;
    if (index === undefined || this.#damage !== undefined) return;
    for (const query of this.#queries.values()) {
      if (query.running !== undefined) continue;
      if (query.request.sequence > index.appliedSequence) continue;
      query.running = this.#runQuery(index, query);
    }
  }

  async #runQuery(index: QueryIndex, { request, abort }: PendingQuery): Promise<void> {
    try {
      const page = await index.query(request.query, abort.signal);
      this.#endQuery(request.queryId);
      this.#reply({ kind: 'page', queryId: request.queryId, page });
    } catch (error) {
      const failure = toGantryError(error);
      this.#endQuery(request.queryId);
      if (failure.code === 'corrupt' && index === this.#index && !this.#isClosing) {
        this.#damage = failure;
        this.#startWork();
      }
      this.#replyFailure(
        request.queryId,
        failure.code === 'corrupt'
          ? new GantryError('store-unavailable', 'the index is being rebuilt')
          : failure,
      );
    }
  }

  #endQuery(queryId: number): void {
    clearTimeout(this.#queries.get(queryId)?.timer);
    this.#queries.delete(queryId);
  }

  #abortQuery(queryId: number, reason: GantryError): void {
    const query = this.#queries.get(queryId);
    if (query === undefined) return;
    query.abort.abort(reason);
    if (query.running !== undefined) return;
    this.#endQuery(queryId);
    this.#replyFailure(queryId, reason);
  }

  #replyFailure(queryId: number, { code, detail }: GantryError): void {
    this.#reply({ kind: 'query-failed', queryId, code, detail });
  }

  #startWork(): void {
    this.#working ??= this.#work();
  }

  /** Runs until nothing is left to do, and forgets itself in the turn in which it finds that. */
  async #work(): Promise<void> {
    // The caller has to store the promise before the work can end.
    await Promise.resolve();
    while (this.#failure === undefined) {
      try {
        if (this.#index === undefined || this.#damage !== undefined) await this.#openIndex();
        else if (this.#isBehind && !this.#isClosing) await this.#catchUp(this.#index);
        else if (this.#isFlushDue()) await this.#flush(this.#index);
        else break;
      } catch (error) {
        this.#fail(toGantryError(error));
      }
    }
    this.#working = undefined;
    if (this.#pending.length > 0 && !this.#isClosing) this.#armFlushTimer();
  }

  /** Opens the index; one that is damaged is set aside first. */
  async #openIndex(): Promise<void> {
    this.#fallBehind();
    const damaged = this.#index;
    if (damaged !== undefined) {
      this.#reply({ kind: 'rebuilding', detail: messageOf(this.#damage) });
      if (++this.#replacementCount > replacementCountMax) {
        throw new GantryError('store-unavailable', 'the index cannot be rebuilt');
      }
      this.#index = undefined;
      // It may be unable even to close; its file is given up in any case.
      await damaged.close().catch(() => undefined);
      await this.#file.setAside();
    }
    const { index, unusable } = await this.#file.open();
    if (unusable !== undefined) this.#reply({ kind: 'rebuilding', detail: messageOf(unusable) });
    this.#index = index;
    this.#damage = undefined;
  }

  /** Applies what the catalogue has and the index has not, while live feeds are only noted. */
  async #catchUp(index: QueryIndex): Promise<void> {
    const last = this.#source.lastSequence();
    if (index.appliedSequence > last) {
      const detail = `the catalogue lacks changes ${last + 1} to ${index.appliedSequence}, which the index has`;
      this.#damage = new GantryError('corrupt', detail);
      return;
    }
    if (!this.#isReady) this.#reply({ kind: 'ready', sequence: index.appliedSequence });
    this.#isReady = true;
    const sequenceBefore = index.appliedSequence;
    for (const feed of this.#source.replay(sequenceBefore)) {
      if (this.#isClosing || this.#damage !== undefined) return;
      await this.#apply(index, [feed]);
    }
    this.#drainFeeds();
    if (this.#damage !== undefined) return;
    if (index.appliedSequence < this.#announcedSequence) {
      if (index.appliedSequence > sequenceBefore) return;
      throw new GantryError('store-unavailable', 'the catalogue lacks changes it announced');
    }
    this.#isBehind = false;
    this.#startQueries();
  }

  async #flush(index: QueryIndex): Promise<void> {
    let rowCount = 0;
    let feedCount = 0;
    for (const feed of this.#pending) {
      rowCount += rowCountOf(feed);
      feedCount++;
      if (rowCount >= flushRowCount) break;
    }
    const feeds = this.#pending.splice(0, feedCount);
    this.#isFlushTime &&= this.#pending.length > 0;
    this.#pendingRowCount -= rowCount;
    await this.#apply(index, feeds);
  }

  async #apply(index: QueryIndex, feeds: readonly IndexFeed[]): Promise<void> {
    try {
      await index.apply(feeds);
    } catch (error) {
      this.#damage = toGantryError(error);
      return;
    }
    this.#replacementCount = 0;
    this.#reply({ kind: 'applied', sequence: index.appliedSequence });
    this.#startQueries();
  }

  #fallBehind(): void {
    this.#isBehind = true;
    this.#pending = [];
    this.#pendingRowCount = 0;
  }

  /** Nothing more can be indexed; the store goes on without searches that need the index. */
  #fail(error: GantryError): void {
    this.#failure = new GantryError('store-unavailable', 'the index has failed', { cause: error });
    this.#fallBehind();
    this.#abortQueries(this.#failure);
    this.#reply({ kind: 'failed', detail: messageOf(error) });
  }

  #abortQueries(reason: GantryError): void {
    for (const queryId of [...this.#queries.keys()]) this.#abortQuery(queryId, reason);
  }

  async #close(): Promise<void> {
    if (this.#isClosing) return;
    this.#drainFeeds();
    this.#isClosing = true;
    clearTimeout(this.#flushTimer);
    this.#abortQueries(new GantryError('store-unavailable', 'the index is closing'));
    this.#startWork();
    await this.#working;
    for (const query of [...this.#queries.values()]) await query.running;
    // What is left behind is replayed at the next start.
    await this.#index?.close().catch(() => undefined);
    this.#reply({ kind: 'closed' });
  }
}

/** For operators: what went wrong underneath. */
function messageOf(error: GantryError | undefined): string {
  return error?.cause instanceof Error ? error.cause.message : (error?.message ?? '');
}

function rowCountOf(feed: IndexFeed): number {
  const { studies, series, instances, removed } = feed;
  const added = studies.length + series.length + instances.length;
  return added + removed.studies.length + removed.series.length + removed.instances.length;
}
