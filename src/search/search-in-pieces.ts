import { setImmediate as nextTurn } from 'node:timers/promises';
import { GantryError } from '#engine/base/error-catalogue.js';
import { limits } from '#engine/base/limits.js';
import type { Engine } from '#engine/engine-types.js';
import type { QueryExpression } from '#engine/query/query-expression.js';
import type { MatchedRecords } from '#engine/query/row-text.js';

/** UIDs of matches held at a time. */
const pageRows = 5_000;

/** Records read in one turn of the event loop, about a millisecond of work. */
const rowsPerPiece = 64;

/**
 * The records that a query matches, a piece at a time and one turn of the event loop for each. Matches are looked up a page
 * after another; a study stored meanwhile may come late or be missed, as it may in any answer that is not a snapshot.
 *
 * Rejects as `Engine.search`, also when `signal` aborts a search under way.
 */
export async function* searchInPieces(
  engine: Pick<Engine, 'search'>,
  query: Omit<QueryExpression, 'limit' | 'offset'>,
  signal: AbortSignal,
): AsyncGenerator<readonly MatchedRecords[]> {
  for (let offset = 0; ; offset += pageRows) {
    if (offset > limits.queryOffsetMax)
      throw new GantryError('out-of-resources', 'too many matches');
    const result = await engine.search({ ...query, limit: pageRows, offset }, signal);
    for (let start = 0; start < result.count; start += rowsPerPiece) {
      yield result.readMatches(start, Math.min(start + rowsPerPiece, result.count));
      await nextTurn();
    }
    if (!result.isCut) return;
  }
}
