import { isStoreInUse } from '#engine/store/open-store.js';

/** The result of work on a stopped store; undefined when another process has it open. */
export async function unlessInUse<Result>(
  work: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isStoreInUse(error)) return undefined;
    throw error;
  }
}
