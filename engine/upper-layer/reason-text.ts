import type { Abort, AssociateReject } from './pdu-types.js';

const rejectResults: Readonly<Record<number, string>> = {
  1: 'rejected-permanent',
  2: 'rejected-transient',
};

const rejectSources: Readonly<Record<number, string>> = {
  1: 'service-user',
  2: 'service-provider (ACSE)',
  3: 'service-provider (presentation)',
};

/** By source and reason, PS3.8 Table 9-21. */
const rejectReasons: Readonly<Record<string, string>> = {
  '1/1': 'no-reason-given',
  '1/2': 'application-context-name-not-supported',
  '1/3': 'calling-AE-title-not-recognized',
  '1/7': 'called-AE-title-not-recognized',
  '2/1': 'no-reason-given',
  '2/2': 'protocol-version-not-supported',
  '3/1': 'temporary-congestion',
  '3/2': 'local-limit-exceeded',
};

const abortSources: Readonly<Record<number, string>> = {
  0: 'service-user',
  2: 'service-provider',
};

/** Of an abort by the service provider, PS3.8 Table 9-26; that of a service user is not significant. */
const abortReasons: Readonly<Record<number, string>> = {
  0: 'reason-not-specified',
  1: 'unrecognized-PDU',
  2: 'unexpected-PDU',
  4: 'unrecognized-PDU-parameter',
  5: 'unexpected-PDU-parameter',
  6: 'invalid-PDU-parameter-value',
};

/** An A-ASSOCIATE-RJ for log lines: each number with its name in the standard (PS3.8 §9.3.4). */
export function rejectText({ result, source, reason }: AssociateReject): string {
  const fields = [
    `${result}: ${rejectResults[result] ?? 'unknown result'}`,
    `${source}: ${rejectSources[source] ?? 'unknown source'}`,
    `${reason}: ${rejectReasonName({ source, reason })}`,
  ];
  return fields.join(', ');
}

/** The name of the reason alone. */
export function rejectReasonName({ source, reason }: Omit<AssociateReject, 'result'>): string {
  return rejectReasons[`${source}/${reason}`] ?? 'unknown reason';
}

/** An A-ABORT for log lines, as `rejectText` (PS3.8 §9.3.8). */
export function abortText({ source, reason }: Abort): string {
  const name = source === 0 ? 'reason-not-specified' : (abortReasons[reason] ?? 'unknown reason');
  return `${source}: ${abortSources[source] ?? 'unknown source'}, ${reason}: ${name}`;
}
