import type { QueryLevel } from '#engine/dicom/indexed-attributes.js';
import { indexColumns } from '#engine/query/index-columns.js';
import type { ParameterDoc } from '#src/http/route-doc.js';
import type { Dialect } from '../dialect.js';
import { isMatchedInAzure, type SearchedResource } from './azure-search.js';
import type { SearchedRows } from './search-transaction.js';

/** A search as its route names it: what rows it has, and below which resource they are looked for. */
export interface SearchedRoute {
  readonly rows: SearchedRows;
  readonly below: 'nothing' | 'study' | 'series';
}

const pageParameters: readonly ParameterDoc[] = [
  { name: 'limit', doc: 'rows to return at most (PS3.18 §8.3.4.4)', type: 'integer' },
  { name: 'offset', doc: 'rows to skip', type: 'integer' },
  { name: 'after', doc: 'the row to continue behind, from the link of the page before' },
  { name: 'orderby', doc: 'attributes to order by, descending behind a hyphen' },
  { name: 'includefield', doc: 'attributes to return besides the usual ones, or `all`' },
  { name: 'fuzzymatching', doc: 'names match word by word (PS3.18 §8.3.4.2)', type: 'boolean' },
];

const standardParameters: readonly ParameterDoc[] = [
  { name: 'emptyvaluematching', doc: 'two quotation marks match no value', type: 'boolean' },
  { name: 'multiplevaluematching', doc: 'all values of a list must be there', type: 'boolean' },
  { name: 'explain', doc: 'the header Gantry-Query-Plan says how it was found', type: 'boolean' },
];

const levels: readonly QueryLevel[] = ['study', 'series', 'instance'];

/** The parameters of a search: the attributes that it matches, by keyword, and how it is returned. */
export function searchParameterDocs(dialect: Dialect, route: SearchedRoute): ParameterDoc[] {
  const level = route.rows === 'patient' ? 'study' : route.rows;
  const resource: SearchedResource = {
    level,
    ...(route.below === 'nothing' ? {} : { studyInstanceUid: '' }),
    ...(route.below === 'series' ? { seriesInstanceUid: '' } : {}),
  };
  const attributes = levels
    .slice(0, levels.indexOf(level) + 1)
    .flatMap((each) => indexColumns[each])
    .filter(({ derived }) => derived === undefined)
    .filter(({ tag }) => dialect.searchKeys === 'all' || isMatchedInAzure(resource, tag))
    .map(({ keyword, tag, vr }) => ({ name: keyword, doc: `${tag}, ${vr}` }));
  const isStandard = dialect.searchUnknown === 'ignored';
  return [...attributes, ...pageParameters, ...(isStandard ? standardParameters : [])];
}
