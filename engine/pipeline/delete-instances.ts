import { GantryError } from '#engine/base/error-catalogue.js';
import type { StoreThread } from '#engine/threads/store-thread.js';
import type { RetrieveTarget } from '../engine-types.js';

export interface DeletePipeline {
  readonly storeThread: StoreThread;
  readonly counters: { instancesDeleted: number; instancesUndeleted: number };
}

/**
 * Deletes the instances that `target` names and, with the last of them, their series and study; resolves with their number when
 * searches and retrieves no longer find them. The bytes go later.
 *
 * Throws `not-found` when there were none; after any other error some of them may be gone, and deleting again takes the rest.
 */
export async function deleteInstances(
  { storeThread, counters }: DeletePipeline,
  target: RetrieveTarget,
): Promise<number> {
  const result = await storeThread.delete(target);
  if ('code' in result) throw new GantryError(result.code, result.detail);
  counters.instancesDeleted += result.instanceCount;
  return result.instanceCount;
}
