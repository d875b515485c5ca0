import { GantryError } from '#engine/base/error-catalogue.js';

/**
 * What a failed write means: `storage-full` when there was no space, which may pass; anything else as it is, after which the
 * storage is not trusted any more.
 */
export function toWriteError(error: unknown): unknown {
  return isOutOfSpace(error) ? new GantryError('storage-full', '', { cause: error }) : error;
}

function isOutOfSpace(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') return true;
  // RocksDB names the cause only in the text of its status.
  return code === 'LEVEL_IO_ERROR' && /no space left|quota exceeded/i.test(error.message);
}
