import type { IndexFeed } from '#engine/threads/task-messages.js';

/** Where an index that is new, damaged or behind gets the rows it lacks. */
export interface FeedSource {
  /** Last sequence of the change log. An index that is ahead of it belongs to another store. */
  lastSequence(): number;

  /**
   * The rows behind `afterSequence` up to the end of the log as it is when the end is reached, oldest first, in feeds of bounded
   * size. Studies and series come in their newest version, which may be newer than the feed's sequence.
   */
  replay(afterSequence: number): Iterable<IndexFeed>;
}
