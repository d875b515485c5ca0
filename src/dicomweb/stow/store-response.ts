import { errorCatalogue } from '#engine/base/error-catalogue.js';
import type { JsonDataSet, JsonElement } from '#engine/dicom/json-model/json-model-types.js';
import type { StoreOutcome } from '#engine/engine-types.js';

/** `data set does not match SOP class`: the nearest WarningReason for a value that could not be read (PS3.18 §10.5.3.2). */
const warningReason = 0xb007;

type Failed = Extract<StoreOutcome, { result: 'failed' }>;
type Stored = Exclude<StoreOutcome, Failed>;

export interface StoreResponse {
  readonly status: number;
  readonly dataSet: JsonDataSet;
}

/**
 * Status and data set of a Store response (PS3.18 §10.5.3), from the outcome of every part in order. `studiesUrl` is the
 * absolute URL of the studies resource.
 */
export function storeResponse(
  outcomes: readonly StoreOutcome[],
  studiesUrl: string,
): StoreResponse {
  const stored = outcomes.filter((outcome): outcome is Stored => outcome.result !== 'failed');
  const failed = outcomes.filter((outcome): outcome is Failed => outcome.result === 'failed');
  const dataSet: JsonDataSet = {};
  const first = stored[0];
  dataSet['00081190'] =
    first === undefined
      ? { vr: 'UR' }
      : { vr: 'UR', Value: [`${studiesUrl}/${first.studyInstanceUid}`] };
  if (failed.length > 0) dataSet['00081198'] = { vr: 'SQ', Value: failed.map(failedItem) };
  if (stored.length > 0) {
    dataSet['00081199'] = {
      vr: 'SQ',
      Value: stored.map((outcome) => referencedItem(outcome, studiesUrl)),
    };
  }
  return { status: statusOf(stored, failed), dataSet };
}

/** PS3.18 Table 10.5.3-1: 200 all well, 202 some failed or warnings, otherwise why nothing was stored. */
function statusOf(stored: readonly Stored[], failed: readonly Failed[]): number {
  if (stored.length > 0) {
    const isClean = failed.length === 0 && stored.every((outcome) => outcome.warnings.length === 0);
    return isClean ? 200 : 202;
  }
  const statuses = failed.map((outcome) => errorCatalogue[outcome.error.code].http);
  for (const status of [507, 503, 500]) if (statuses.includes(status as never)) return status;
  const [only] = statuses;
  return only !== undefined && statuses.every((status) => status === only) ? only : 409;
}

function referencedItem(outcome: Stored, studiesUrl: string): JsonDataSet {
  const { studyInstanceUid, seriesInstanceUid, sopInstanceUid, sopClassUid } = outcome;
  const url = `${studiesUrl}/${studyInstanceUid}/series/${seriesInstanceUid}/instances/${sopInstanceUid}`;
  const item: JsonDataSet = {
    '00081150': uid(sopClassUid),
    '00081155': uid(sopInstanceUid),
    '00081190': { vr: 'UR', Value: [url] },
  };
  if (outcome.warnings.length > 0) {
    item['00081196'] = { vr: 'US', Value: [warningReason] };
    const comments = outcome.warnings.map(({ tag, reason }) =>
      errorComment(tag === '' ? reason : `(${tag.slice(0, 4)},${tag.slice(4)}) - ${reason}`),
    );
    item['00741048'] = { vr: 'SQ', Value: comments };
  }
  return item;
}

function failedItem(outcome: Failed): JsonDataSet {
  const item: JsonDataSet = {};
  if (outcome.sopClassUid !== undefined) item['00081150'] = uid(outcome.sopClassUid);
  if (outcome.sopInstanceUid !== undefined) item['00081155'] = uid(outcome.sopInstanceUid);
  item['00081197'] = { vr: 'US', Value: [errorCatalogue[outcome.error.code].failureReason] };
  item['00741048'] = { vr: 'SQ', Value: [errorComment(outcome.error.message)] };
  return item;
}

function errorComment(text: string): JsonDataSet {
  return { '00000902': { vr: 'LO', Value: [text.slice(0, 64)] } };
}

function uid(value: string): JsonElement {
  return { vr: 'UI', Value: [value] };
}
