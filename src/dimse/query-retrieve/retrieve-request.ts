import { GantryError } from '#engine/base/error-catalogue.js';
import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';
import { parseQueryValue } from '#engine/query/parse-query-value.js';
import type { QueryCondition, QueryExpression } from '#engine/query/query-expression.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import { searchInPieces } from '#src/search/search-in-pieces.js';
import type { QueryRetrieveEngine } from './find-matches.js';
import { keyText } from './identifier.js';
import { recordLevels, uniqueKeys } from './information-models.js';
import type { InformationModel } from './information-models.js';
import { readLevel, requireUniqueKeys } from './unique-keys.js';

/** What a C-MOVE or C-GET asks for: the entities of one level that a query finds. */
export type RetrieveRequest = Omit<QueryExpression, 'limit' | 'offset'>;

/**
 * Reads the identifier of a C-MOVE or C-GET request, PS3.4 §C.4.2.1.4 and §C.4.3.1.3: unique keys only, other keys are ignored.
 * UIDs of the level may be a list. Throws `bad-request` when the unique key of the level is missing, or one above it without
 * relational retrieval.
 */
export function parseRetrieveRequest(
  identifier: JsonDataSet,
  model: InformationModel,
  isRelational: boolean,
): RetrieveRequest {
  const level = readLevel(identifier, model);
  if (!isRelational) requireUniqueKeys(identifier, model, level);
  const conditions: QueryCondition[] = [];
  for (const each of model.levels.slice(0, model.levels.indexOf(level) + 1)) {
    const tag = uniqueKeys[each];
    const text = keyText(identifier[tag]);
    // What looks like a wildcard is part of a PatientID here.
    const options = { literalWildcards: true };
    const condition = parseQueryValue(recordLevels[level], { tag }, text, options);
    if (condition !== undefined) conditions.push(condition);
    else if (each === level) {
      throw new GantryError('bad-request', `(${tag.slice(0, 4)},${tag.slice(4)}) is missing`);
    }
  }
  return { partition: 0, level: recordLevels[level], conditions };
}

/** The instances that a request asks for, in pieces that fit in memory, one turn of the event loop for each. */
export async function* findInstances(
  engine: Pick<QueryRetrieveEngine, 'search' | 'instancePages'>,
  request: RetrieveRequest,
  signal: AbortSignal,
): AsyncGenerator<readonly InstanceRecord[]> {
  const { partition } = request;
  for await (const matches of searchInPieces(engine, request, signal)) {
    for (const { study, series, instance } of matches) {
      if (instance !== undefined) {
        yield [instance];
        continue;
      }
      const { studyInstanceUid } = study;
      const target = { partition, studyInstanceUid };
      yield* engine.instancePages(
        series === undefined ? target : { ...target, seriesInstanceUid: series.seriesInstanceUid },
      );
    }
  }
}
