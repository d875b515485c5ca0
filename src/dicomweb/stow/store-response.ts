import { errorCatalogue, GantryError, type ErrorCode } from '#engine/base/error-catalogue.js';
import { findTransferSyntax } from '#engine/dicom/dictionary/transfer-syntaxes.js';
import type { JsonDataSet, JsonElement } from '#engine/dicom/json-model/json-model-types.js';
import type { StoreOutcome } from '#engine/engine-types.js';
import type { Dialect } from '../dialect.js';

/** WarningReasons of PS3.18 §10.5.3.2 that stand whatever the dialect. */
const coercionReason = 0xb000;
const doesNotMatchReason = 0xb007;

const commentLengthMax = 64;

/** What became of one part of a Store request. */
export type PartOutcome = StoreOutcome & {
  /** Position among the parts that are instances, from 1. */
  readonly partNumber?: number;
  /** Attributes of the sender that we replaced, as they were (PS3.18 §10.5.3.2). */
  readonly coerced?: JsonDataSet;
};

type Failed = Extract<PartOutcome, { result: 'failed' }>;
type Stored = Exclude<PartOutcome, Failed>;

export interface StoreResponse {
  readonly status: number;
  readonly dataSet: JsonDataSet;
  /** Text of a `Warning` header; undefined when there is nothing to say. */
  readonly warning: string | undefined;
}

export interface StoreResponseOptions {
  /** Absolute URL of the studies resource. */
  readonly studiesUrl: string;
  readonly dialect: Dialect;
  /** The URL of the request names the study. */
  readonly isOneStudy: boolean;
  /** The request was a `PUT`, which is content with what is there already. */
  readonly isUpsert: boolean;
}

/** Status and data set of a Store response (PS3.18 §10.5.3), from the outcome of every part in order. */
export function storeResponse(
  outcomes: readonly PartOutcome[],
  options: StoreResponseOptions,
): StoreResponse {
  const { dialect, studiesUrl } = options;
  const seen = outcomes.map((outcome) => asDialectSees(outcome, options));
  const stored = seen.filter((outcome): outcome is Stored => outcome.result !== 'failed');
  const failed = seen.filter((outcome): outcome is Failed => outcome.result === 'failed');
  const dataSet: JsonDataSet = {};
  const [first] = stored;
  if (first !== undefined && (options.isOneStudy || dialect.storeRetrieveUrl === 'always')) {
    dataSet['00081190'] = { vr: 'UR', Value: [`${studiesUrl}/${first.studyInstanceUid}`] };
  } else if (dialect.storeRetrieveUrl === 'always') dataSet['00081190'] = { vr: 'UR' };
  if (failed.length > 0) {
    dataSet['00081198'] = { vr: 'SQ', Value: failed.map((each) => failedItem(each, dialect)) };
  }
  if (stored.length > 0) {
    dataSet['00081199'] = {
      vr: 'SQ',
      Value: stored.map((outcome) => referencedItem(outcome, options)),
    };
  }
  return {
    status: statusOf(stored, failed, dialect),
    dataSet,
    warning: warningOf(stored),
  };
}

/** In the Azure dialect only a PUT may send what is stored. */
function asDialectSees(
  outcome: PartOutcome,
  { dialect, isUpsert }: StoreResponseOptions,
): PartOutcome {
  if (outcome.result !== 'identical' || isUpsert || dialect.storeKnown === 'success') {
    return outcome;
  }
  const { sopClassUid, sopInstanceUid, partNumber } = outcome;
  const error = new GantryError('duplicate', 'with the same content');
  return {
    result: 'failed',
    error,
    sopClassUid,
    sopInstanceUid,
    ...(partNumber === undefined ? {} : { partNumber }),
  };
}

/** PS3.18 Table 10.5.3-1: 200 all well, 202 some failed or warnings, otherwise why nothing was stored. */
function statusOf(stored: readonly Stored[], failed: readonly Failed[], dialect: Dialect): number {
  if (stored.length > 0) {
    const isClean =
      failed.length === 0 && stored.every((each) => warningReasonOf(each, dialect) === undefined);
    return isClean ? 200 : 202;
  }
  const statuses = failed.map((outcome) => errorCatalogue[outcome.error.code].http);
  for (const status of [507, 503, 500]) if (statuses.includes(status as never)) return status;
  const [only] = statuses;
  const isOneCause = only !== undefined && statuses.every((status) => status === only);
  if (!isOneCause) return 409;
  return dialect.storeNothing === 'by cause' || only === 413 ? only : dialect.storeNothing;
}

function referencedItem(outcome: Stored, options: StoreResponseOptions): JsonDataSet {
  const { dialect, studiesUrl } = options;
  const { studyInstanceUid, seriesInstanceUid, sopInstanceUid, sopClassUid } = outcome;
  const url = `${studiesUrl}/${studyInstanceUid}/series/${seriesInstanceUid}/instances/${sopInstanceUid}`;
  const item: JsonDataSet = {
    '00081150': uid(sopClassUid),
    '00081155': uid(sopInstanceUid),
    '00081190': { vr: 'UR', Value: [url] },
  };
  const reason = warningReasonOf(outcome, dialect);
  if (reason !== undefined) item['00081196'] = { vr: 'US', Value: [reason] };
  const comments = warningsOf(outcome).map(({ tag, reason: text }) =>
    errorComment(
      dialect.storeCommentPrefix +
        (tag === '' ? text : `(${tag.slice(0, 4)},${tag.slice(4)}) - ${text}`),
    ),
  );
  if (comments.length > 0) item['00741048'] = { vr: 'SQ', Value: comments };
  else if (dialect.storeFailedAttributes === 'always') item['00741048'] = { vr: 'SQ' };
  if (outcome.coerced !== undefined) {
    item['04000561'] = { vr: 'SQ', Value: [originalAttributes(outcome.coerced)] };
  }
  return item;
}

/** The WarningReason of an instance, undefined when there is nothing to warn of. */
function warningReasonOf(outcome: Stored, dialect: Dialect): number | undefined {
  if (warningsOf(outcome).length > 0) return dialect.storeWarningReason;
  if (outcome.coerced !== undefined) return coercionReason;
  const isImplicit = findTransferSyntax(outcome.transferSyntaxUid)?.isExplicitVr === false;
  return isImplicit && dialect.storeImplicitVr !== 'no warning' ? doesNotMatchReason : undefined;
}

/** What the response says of the values of an instance; several values of one attribute are told in a header instead. */
function warningsOf({ warnings }: Stored): Stored['warnings'] {
  return warnings.filter(({ effect }) => effect !== 'several-values');
}

function warningOf(stored: readonly Stored[]): string | undefined {
  const tags = new Set(
    stored.flatMap(({ warnings }) =>
      warnings.filter(({ effect }) => effect === 'several-values').map(({ tag }) => tag),
    ),
  );
  if (tags.size === 0) return undefined;
  const names = [...tags].map((tag) => `(${tag.slice(0, 4)},${tag.slice(4)})`).join(' ');
  return `Attributes that are searched by one value have several: ${names}`;
}

/** PS3.3 §C.12.1.1.9: what we put in the place of what the sender said. */
function originalAttributes(coerced: JsonDataSet): JsonDataSet {
  return {
    '04000550': { vr: 'SQ', Value: [coerced] },
    '04000562': { vr: 'DT', Value: [nowText()] },
    '04000563': { vr: 'LO', Value: ['Gantry'] },
    '04000564': { vr: 'LO' },
    '04000565': { vr: 'CS', Value: ['COERCE'] },
  };
}

function nowText(): string {
  return `${new Date()
    .toISOString()
    .replace(/[-:TZ]/g, '')
    .slice(0, 18)}+0000`;
}

function failedItem(outcome: Failed, dialect: Dialect): JsonDataSet {
  const item: JsonDataSet = {};
  if (outcome.sopClassUid !== undefined) item['00081150'] = uid(outcome.sopClassUid);
  if (outcome.sopInstanceUid !== undefined) item['00081155'] = uid(outcome.sopInstanceUid);
  item['00081197'] = { vr: 'US', Value: [failureReason(outcome.error.code, dialect)] };
  const { partNumber } = outcome;
  const place = partNumber === undefined ? '' : `part ${partNumber}: `;
  item['00741048'] = { vr: 'SQ', Value: [errorComment(place + outcome.error.message)] };
  return item;
}

function failureReason(code: ErrorCode, dialect: Dialect): number {
  const { failureReason: reason } = errorCatalogue[code];
  return reason === 0xc000 ? dialect.storeUnreadableReason : reason;
}

function errorComment(text: string): JsonDataSet {
  return { '00000902': { vr: 'LO', Value: [text.slice(0, commentLengthMax)] } };
}

function uid(value: string): JsonElement {
  return { vr: 'UI', Value: [value] };
}
