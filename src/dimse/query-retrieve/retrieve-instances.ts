import type { Logger } from '#engine/base/logger.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import type { ResponseElements } from '../service-provider.js';
import type { QueryRetrieveDependencies } from './c-find-scp.js';
import { sopClassOf } from './instance-sender.js';
import type { FinalResponse, QueryRetrieveOperation } from './query-retrieve-scp.js';
import { findInstances, parseRetrieveRequest } from './retrieve-request.js';
import { SubOperations } from './sub-operations.js';
import type { SubOperationResult } from './sub-operations.js';

/** Where the instances of one retrieval go. */
export interface RetrieveDestination {
  /** Never rejects. */
  send(record: InstanceRecord): Promise<SubOperationResult>;
  close(): Promise<void>;
}

/** Whom a retrieval is for. */
export interface RetrieveRequester {
  /** For the log. */
  readonly associationId: string;
  /** Told the counters now and then while sub-operations continue. */
  readonly onProgress?: (elements: ResponseElements) => void;
}

/** What a retrieval is going to send. */
export interface Inventory {
  readonly count: number;
  /** Transfer syntaxes of the instances of each SOP class. */
  readonly transferSyntaxes: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Reasons of failed sub-operations in the log, each once. */
const reasonsLoggedMax = 10;

/** How often counters are reported while sub-operations continue. */
const pendingIntervalMs = 1_000;

/**
 * Performs a C-MOVE or C-GET: counts what is asked for, then sends it one instance after another (PS3.4 §C.4.2.3, §C.4.3.3).
 * Instances are looked up twice rather than held.
 */
export async function retrieveInstances(
  operation: Omit<QueryRetrieveOperation, 'request'>,
  requester: RetrieveRequester,
  { engine, logger }: Pick<QueryRetrieveDependencies, 'engine' | 'logger'>,
  openDestination: (inventory: Inventory) => RetrieveDestination,
): Promise<FinalResponse> {
  const { identifier, model, options, signal } = operation;
  const wanted = parseRetrieveRequest(identifier, model, options.isRelational);
  const inventory = await takeInventory(findInstances(engine, wanted, signal));
  const progress = new SubOperations(inventory.count);
  if (inventory.count === 0) return progress.final();
  const destination = openDestination(inventory);
  const logFailure = failureLog(logger, requester);
  const timer = setInterval(() => {
    requester.onProgress?.(progress.pending());
  }, pendingIntervalMs);
  try {
    for await (const records of findInstances(engine, wanted, signal)) {
      for (const record of records) {
        if (signal.aborted) return progress.cancelled();
        const outcome = await destination.send(record);
        progress.count(record, outcome);
        if (outcome.result === 'failed') logFailure(record, outcome.reason);
      }
    }
    return progress.final();
  } catch (error) {
    // A search under way when the operation was cancelled.
    if (signal.aborted) return progress.cancelled();
    throw error;
  } finally {
    clearInterval(timer);
    await destination.close();
  }
}

/** Logs the first instance that failed for a reason: thousands may fail for the same. */
function failureLog(
  logger: Logger,
  { associationId }: RetrieveRequester,
): (record: InstanceRecord, reason: string) => void {
  const reasons = new Set<string>();
  return ({ sopInstanceUid, transferSyntaxUid }, reason) => {
    if (reasons.has(reason) || reasons.size === reasonsLoggedMax) return;
    reasons.add(reason);
    const what = { associationId, sopInstanceUid, transferSyntaxUid, reason };
    logger.warn(what, 'instance not sent');
  };
}

async function takeInventory(pieces: AsyncIterable<readonly InstanceRecord[]>): Promise<Inventory> {
  let count = 0;
  const transferSyntaxes = new Map<string, Set<string>>();
  for await (const records of pieces) {
    count += records.length;
    for (const record of records) {
      const sopClassUid = sopClassOf(record);
      const known = transferSyntaxes.get(sopClassUid) ?? new Set<string>();
      transferSyntaxes.set(sopClassUid, known.add(record.transferSyntaxUid));
    }
  }
  return { count, transferSyntaxes };
}
