import { GantryError } from '#engine/base/error-catalogue.js';
import type { CatalogReader } from '#engine/store/catalog/catalog-reader.js';
import type { RetrieveTarget } from '../engine-types.js';
import type { DeletePipeline } from './delete-instances.js';

/**
 * Brings back what was deleted of `target` and can still be; resolves with the number of instances when searches and retrieves
 * find them again. Throws `not-found` when there were none; after any other error some of them may be back.
 */
export async function undeleteInstances(
  { storeThread, counters }: DeletePipeline,
  target: RetrieveTarget,
): Promise<number> {
  const result = await storeThread.undelete(target);
  if ('code' in result) throw new GantryError(result.code, result.detail);
  counters.instancesUndeleted += result.instanceCount;
  return result.instanceCount;
}

/** Whether something of `target` was deleted and can still be brought back. */
export function hasDeleted(reader: CatalogReader, target: RetrieveTarget): boolean {
  return reader.deletedInstances(target.partition, target).next().done !== true;
}
