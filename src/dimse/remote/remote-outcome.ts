import type { CommandSet } from '#engine/dimse/command-set.js';

/** What a remote AE answered, or what sending to it came to; a status of failure is an answer as well. */
export interface RemoteOutcome {
  /** PS3.7 Annex C, and PS3.4 §C.4 for queries and retrievals. */
  readonly status: number;
  readonly errorComment?: string;
  readonly suboperations?: SuboperationCounts;
}

export interface SuboperationCounts {
  readonly completed: number;
  readonly warning: number;
  readonly failed: number;
}

/** The outcome that the elements of a last response tell of. */
export function remoteOutcome(status: number, elements: CommandSet): RemoteOutcome {
  const { errorComment, numberOfCompletedSuboperations: completed } = elements;
  return {
    status,
    ...(errorComment !== undefined && { errorComment }),
    ...(completed !== undefined && {
      suboperations: {
        completed,
        warning: elements.numberOfWarningSuboperations ?? 0,
        failed: elements.numberOfFailedSuboperations ?? 0,
      },
    }),
  };
}
