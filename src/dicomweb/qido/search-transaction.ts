import type { QueryLevel } from '#engine/dicom/indexed-attributes.js';
import type { ReturnFields } from '#engine/query/row-to-json.js';
import type { SearchResult } from '#engine/engine-types.js';
import type { HttpHeaders, ResponseSource } from '#engine/transport/http-transport.js';
import type { RequestContext } from '#src/http/request-context.js';
import { requireJson, requireUid, studiesUrl, type DicomwebService } from '../dicomweb-service.js';
import { rowText } from './row-text.js';
import { parseSearchParameters, type SearchTarget } from './search-parameters.js';

/** Rows made at a time while a large answer is streamed: about a millisecond of work. */
const rowsPerPiece = 64;

/**
 * Search transaction, PS3.18 §10.6, for the six resources of Table 10.6.1-1. 204 when nothing matches; `Warning: 299` when
 * parameters were ignored or more matches exist.
 */
export async function searchTransaction(
  service: DicomwebService,
  context: RequestContext,
  level: QueryLevel,
): Promise<void> {
  requireJson(context);
  const { study, series } = context.params;
  const target: SearchTarget = {
    partition: 0,
    level,
    ...(study === undefined ? {} : { studyInstanceUid: requireUid(study, 'study') }),
    ...(series === undefined ? {} : { seriesInstanceUid: requireUid(series, 'series') }),
  };
  const { query, fields, warnings } = parseSearchParameters(context.query, target, {
    limitDefault: service.searchLimitDefault,
    limitMax: service.searchLimitMax,
  });
  const abort = new AbortController();
  context.onAborted(() => abort.abort());
  const result = await service.engine.search(query, abort.signal);
  const isCut = result.isCut ? ['There are additional results that can be requested'] : [];
  const headers: HttpHeaders = [
    ['content-type', 'application/dicom+json'],
    ...[...warnings, ...isCut].map((text) => ['warning', `299 gantry: ${text}`] as const),
  ];
  if (result.count === 0) {
    context.respond(204, headers.slice(1));
  } else if (result.count <= rowsPerPiece) {
    const rows = rowsText(result, fields, studiesUrl(service, context), 0);
    context.respond(200, headers, `[${rows}]`);
  } else {
    const source = rowSource(result, fields, studiesUrl(service, context));
    context.respondStream(200, headers, source);
  }
}

/** A JSON array of rows, made piece by piece as the client takes it. */
function rowSource(result: SearchResult, fields: ReturnFields, url: string): ResponseSource {
  let start = 0;
  let hasRows = false;
  let isOpen = true;
  return {
    read: () => {
      if (!isOpen) return null;
      if (start >= result.count) {
        isOpen = false;
        return Buffer.from(hasRows ? ']' : '[]');
      }
      const rows = rowsText(result, fields, url, start);
      start += rowsPerPiece;
      const text = rows === '' ? '' : `${hasRows ? ',' : '['}${rows}`;
      hasRows ||= rows !== '';
      return Buffer.from(text);
    },
    close: () => undefined,
  };
}

function rowsText(result: SearchResult, fields: ReturnFields, url: string, start: number): string {
  return result
    .readMatches(start, start + rowsPerPiece)
    .map((records) => rowText(records, fields, url))
    .join(',');
}
