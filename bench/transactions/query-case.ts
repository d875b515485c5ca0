import { driveClosedLoop, type Operate } from '../harness/closed-loop.js';
import { DicomScu } from '../harness/dicom-scu.js';
import type { Query } from '../harness/query-command.js';
import type { BenchCase, BenchTarget } from './bench-case.js';

const PDU_LENGTH_MAX_BYTES = 128 * 1024;

/** One C-FIND or C-MOVE, what it counts for, and what its answer must be. */
export interface QueryOperation {
  readonly query: Query;
  readonly units: number;
  readonly bytes: number;
  /** Matches of a C-FIND, completed sub-operations of a C-MOVE. */
  readonly count: number;
}

/** A case that repeats C-FIND or C-MOVE. */
export interface QueryCaseOptions extends Omit<BenchCase, 'run'> {
  readonly sopClassUid: string;
  /** Prepares a run; the function returned gives the query of an operation number. */
  readonly prepare: (target: BenchTarget) => (operationNumber: number) => QueryOperation;
}

/** Makes a case of queries over several associations, each with one operation under way. */
export function queryCase({ sopClassUid, prepare, ...benchCase }: QueryCaseOptions): BenchCase {
  return {
    ...benchCase,
    run: async (target) => {
      const { peer, scale } = target;
      const operationOf = prepare(target);
      const associations = await Promise.all(
        Array.from({ length: benchCase.concurrency }, () =>
          DicomScu.associate({
            port: peer.dimsePort,
            calledAeTitle: peer.aeTitle,
            callingAeTitle: 'BENCH',
            sopClassUids: [sopClassUid],
            pduLengthMaxBytes: PDU_LENGTH_MAX_BYTES,
          }),
        ),
      );
      const clients = associations.map((association): Operate => async (operationNumber) => {
        const { query, count, units, bytes } = operationOf(operationNumber);
        const answer = await association.query(query);
        if (answer.status !== 0) throw new Error(`status 0x${answer.status.toString(16)}`);
        const counted =
          query.moveDestination === undefined ? answer.matchCount : answer.completedCount;
        if (counted !== count) throw new Error(`${counted} instead of ${count}`);
        return { units, bytes };
      });
      const result = await driveClosedLoop(clients, {
        operationsMax: scale.readOperationsMax,
        durationMaxMs: scale.cellDurationMaxMs,
        warmUpOperations: benchCase.concurrency,
      });
      await Promise.all(associations.map((association) => association.release()));
      return result;
    },
  };
}
