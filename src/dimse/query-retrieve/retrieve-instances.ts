import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import type { AcceptedAssociation } from '../service-provider.js';
import type { QueryRetrieveEngine } from './find-matches.js';
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

/** What a retrieval is going to send. */
export interface Inventory {
  readonly count: number;
  /** Transfer syntaxes of the instances of each SOP class. */
  readonly transferSyntaxes: ReadonlyMap<string, ReadonlySet<string>>;
}

/** How often counters are reported while sub-operations continue. */
const pendingIntervalMs = 1_000;

/**
 * Performs a C-MOVE or C-GET: counts what is asked for, then sends it one instance after another (PS3.4 §C.4.2.3, §C.4.3.3).
 * Instances are looked up twice rather than held.
 */
export async function retrieveInstances(
  operation: QueryRetrieveOperation,
  association: AcceptedAssociation,
  engine: QueryRetrieveEngine,
  openDestination: (inventory: Inventory) => RetrieveDestination,
): Promise<FinalResponse> {
  const { request, identifier, model, options, signal } = operation;
  const wanted = parseRetrieveRequest(identifier, model, options.isRelational);
  const inventory = await takeInventory(findInstances(engine, wanted, signal));
  const progress = new SubOperations(inventory.count);
  if (inventory.count === 0) return progress.final();
  const destination = openDestination(inventory);
  const timer = setInterval(() => {
    association.respondPending(request, progress.pending());
  }, pendingIntervalMs);
  try {
    for await (const records of findInstances(engine, wanted, signal)) {
      for (const record of records) {
        if (signal.aborted) return progress.cancelled();
        progress.count(record, await destination.send(record));
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
