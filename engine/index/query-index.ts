import type { QueryExpression, QueryPage } from '#engine/query/query-expression.js';
import type { IndexFeed } from '#engine/threads/task-messages.js';

/**
 * A searchable copy of the records, fed with what the catalogue commits. It is derived: whoever owns it may throw it away and
 * feed a new one from the start of the change log.
 */
export interface QueryIndex {
  /** Last sequence of the change log whose rows are in the index. */
  readonly appliedSequence: number;

  /**
   * Makes the rows of `feeds`, which are in the order of their sequences, visible at once and, where the index is kept on file,
   * durable. Feeds up to `appliedSequence` are passed over, so that a replay may overlap. One call at a time. Any failure leaves
   * an index that cannot be trusted: `corrupt`.
   */
  apply(feeds: readonly IndexFeed[]): Promise<void>;

  /**
   * One page of matches in the order of match-order.ts. Throws `bad-request` for what no index can answer, the reason of `signal`
   * when that aborts, `out-of-resources` when memory did not suffice, `corrupt` when the index is damaged.
   */
  query(expression: QueryExpression, signal?: AbortSignal): Promise<QueryPage>;

  /** Ends running queries with `store-unavailable` and releases the index. Not while `apply` runs. */
  close(): Promise<void>;
}
