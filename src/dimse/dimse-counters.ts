import type { Metrics } from '#src/observability/metrics.js';
import type { DimseCounters } from './association-observer.js';

/** Command names of PS3.7 §E.1 by the command field of the request. */
const commandNames: Readonly<Record<number, string>> = {
  0x0001: 'C-STORE',
  0x0010: 'C-GET',
  0x0020: 'C-FIND',
  0x0021: 'C-MOVE',
  0x0030: 'C-ECHO',
  0x0130: 'N-ACTION',
};

/** What the DIMSE service counts, as metrics. */
export function dimseCounters(metrics: Metrics): DimseCounters {
  return {
    associationAccepted: () => metrics.associationAccepted(),
    associationRejected: ({ result, source, reason }) =>
      metrics.associationRejected(`${result}/${source}/${reason}`),
    associationEnded: (end) => metrics.associationEnded(end),
    operationCompleted: (commandField, status) =>
      metrics.countDimseOperation(commandNames[commandField & 0x7fff] ?? 'other', status),
  };
}
