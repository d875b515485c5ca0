import type { QueryLevel } from '#engine/dicom/indexed-attributes.js';
import type { SearchResult } from '#engine/engine-types.js';
import { orderOf } from '#engine/query/match-order.js';
import { rowTextMaker, type MatchedRecords } from '#engine/query/row-text.js';
import type { HttpHeaders } from '#engine/transport/http-transport.js';
import { contentEncodingOf } from '#src/http/encoded-response.js';
import { publicBaseUrl } from '#src/http/public-base-url.js';
import type { RequestContext } from '#src/http/request-context.js';
import { warningHeader } from '#src/http/warning-header.js';
import { dataSetFormOf, respondDataSets, varyHeader } from '../data-sets-response.js';
import { requireUid, studiesUrl, type DicomwebService } from '../dicomweb-service.js';
import { countPatients, patientTextMaker } from './patient-rows.js';
import { encodeRecordKey } from './record-key.js';
import {
  parseSearchParameters,
  type SearchRequest,
  type SearchRules,
  type SearchTarget,
} from './search-parameters.js';

/** What is searched for: rows of a level, or patients. */
export type SearchedRows = QueryLevel | 'patient';

/** Rows made at a time while a large answer is streamed: about a millisecond of work. */
const rowsPerPiece = 128;

/**
 * Search transaction, PS3.18 §10.6, for the six resources of Table 10.6.1-1 and for patients. 204 when nothing matches;
 * `Warning: 299` when parameters were ignored or more matches exist, then also a link to them.
 */
export async function searchTransaction(
  service: DicomwebService,
  context: RequestContext,
  rows: SearchedRows,
): Promise<void> {
  const form = dataSetFormOf(service.dialect, context);
  const request = parseSearch(service, context, rows);
  const abort = new AbortController();
  context.onAborted(() => abort.abort());
  const result = await service.engine.search(request.query, abort.signal);
  const headers = resultHeaders(service, context, { request, result });
  const url = studiesUrl(service, context);
  const rowText =
    rows === 'patient'
      ? patientTextMaker(
          request.fields,
          url,
          await countPatients(service.engine, result, abort.signal),
        )
      : rowTextMaker(request.fields, url);
  if (result.count === 0) {
    context.respond(204, headers);
  } else if (
    form === 'json' &&
    result.count <= rowsPerPiece &&
    contentEncodingOf(context) === 'identity'
  ) {
    const text = result.readMatches(0, rowsPerPiece).map(rowText).join(',');
    context.respond(200, [['content-type', 'application/dicom+json'], ...headers], `[${text}]`);
  } else {
    const boundaryKey = `${context.correlationId}-${form}`;
    respondDataSets(context, { form, boundaryKey, headers }, rowPages(result, rowText));
  }
}

/** Counts the matches of a search instead of returning them: `{"count": 7}`, beyond the standard. */
export async function countTransaction(
  service: DicomwebService,
  context: RequestContext,
  rows: SearchedRows,
): Promise<void> {
  const request = parseSearch(service, context, rows);
  const counting = { ...request.query, wantsTotal: true, limit: 0, offset: 0 } as const;
  const abort = new AbortController();
  context.onAborted(() => abort.abort());
  const result = await service.engine.search(counting, abort.signal);
  context.respond(
    200,
    [['content-type', 'application/json'], ...request.warnings.map(warningHeader)],
    JSON.stringify({ count: result.total ?? 0 }),
  );
}

function parseSearch(
  service: DicomwebService,
  context: RequestContext,
  rows: SearchedRows,
): SearchRequest {
  const { study, series } = context.params;
  const target: SearchTarget = {
    partition: 0,
    ...(rows === 'patient' ? { level: 'study', isByPatient: true } : { level: rows }),
    ...(study === undefined ? {} : { studyInstanceUid: requireUid(study, 'study') }),
    ...(series === undefined ? {} : { seriesInstanceUid: requireUid(series, 'series') }),
  };
  return parseSearchParameters(context.query, target, searchRules(service));
}

function searchRules(service: DicomwebService): SearchRules {
  const { dialect, phoneticNames, mayExplain, searchLimitDefault, searchLimitMax } = service;
  const { searchLimitDefault: dialectDefault, searchLimitMax: dialectMax } = dialect;
  return {
    dialect,
    phoneticNames,
    mayExplain,
    limitDefault: typeof dialectDefault === 'number' ? dialectDefault : searchLimitDefault,
    limitMax: typeof dialectMax === 'number' ? dialectMax : searchLimitMax,
  };
}

interface Answer {
  readonly request: SearchRequest;
  readonly result: SearchResult;
}

function resultHeaders(
  service: DicomwebService,
  context: RequestContext,
  { request, result }: Answer,
): HttpHeaders {
  const { warnings, query, isExplained } = request;
  const more = result.isCut ? ['There are additional results that can be requested'] : [];
  const headers = [
    varyHeader,
    ...[...warnings, ...more].map(warningHeader),
    ...(isExplained ? [planHeader(result)] : []),
  ];
  if (result.last === undefined) return headers;
  const key = encodeRecordKey(orderOf(query), result.last).toString('base64url');
  return [...headers, ['link', `<${nextUrl(service, context, key)}>; rel="next"`]];
}

/** For administrators: the ordered keys, or the index, that a search was answered from, and what had to be looked at. */
function planHeader({ plan }: SearchResult): readonly [name: string, value: string] {
  const { name, keyCount, recordCount } = plan;
  const text = name === 'index' ? name : `${name}; keys=${keyCount}; records=${recordCount}`;
  return ['gantry-query-plan', text];
}

/** Parameters that say where a page begins. */
const pageParameters = /^(?:after|offset|PriorRecordKey|0008041c)(?:=|$)/i;

/** The same search, continued behind `key` (RFC 8288). */
function nextUrl(service: DicomwebService, context: RequestContext, key: string): string {
  const { path, query } = context.request;
  const kept = query.split('&').filter((part) => part !== '' && !pageParameters.test(part));
  const url = `${publicBaseUrl(context.request, service.publicUrl)}${path}`;
  // What a client sent unencoded must not end the URL inside the header.
  return `${url}?${[...kept, `after=${key}`].join('&').replace(/[^!#-;=?-~]/gu, encodeURIComponent)}`;
}

function* rowPages(
  result: SearchResult,
  rowText: (records: MatchedRecords) => string,
): Generator<readonly Uint8Array[]> {
  for (let start = 0; start < result.count; start += rowsPerPiece) {
    yield result
      .readMatches(start, start + rowsPerPiece)
      .map((records) => Buffer.from(rowText(records)));
  }
}
