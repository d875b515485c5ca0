import type { HttpResponse } from '../harness/http-response-reader.js';
import type { ReadOperation } from './reading-case.js';

/** A search and the number of results it must give. */
export interface Search {
  /** Below the DICOMweb root. */
  readonly path: string;
  readonly resultCount: number;
  /** Attribute that stands once in each result. */
  readonly countedTag: string;
}

const STUDY_INSTANCE_UID = '0020000D';
const RESULTS_MAX = 100;

/** The request of a search, whose answer's results are counted. */
export function searchOperation(search: Search): ReadOperation {
  return {
    path: search.path,
    accept: 'application/dicom+json',
    bodyBytesMin: search.resultCount * 100,
    examine: (response) => {
      const count = countResults(response, search.countedTag);
      return count === search.resultCount
        ? undefined
        : `${count} results instead of ${search.resultCount}`;
    },
  };
}

/** Counts the keys of an attribute in the JSON text: parsing every answer would measure the client. */
function countResults(response: HttpResponse, tag: string): number {
  const key = Buffer.from(`"${tag}"`);
  let count = 0;
  for (let at = response.body.indexOf(key); at !== -1; at = response.body.indexOf(key, at + 1))
    count++;
  return count;
}

/** A search for studies that is cut at 100 results. */
export function studySearch(query: string, matchCount: number): Search {
  return {
    path: `/studies?${query}&limit=${RESULTS_MAX}`,
    resultCount: Math.min(matchCount, RESULTS_MAX),
    countedTag: STUDY_INSTANCE_UID,
  };
}
