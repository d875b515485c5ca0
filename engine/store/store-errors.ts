import { GantryError } from '#engine/base/error-catalogue.js';

/**
 * What a failed write means: `storage-full` when there was no space, `out-of-resources` when a file could not be opened because too
 * many are, both of which may pass; anything else as it is, after which the storage is not trusted any more.
 */
export function toWriteError(error: unknown): unknown {
  if (isOutOfSpace(error)) return new GantryError('storage-full', '', { cause: error });
  return isOutOfFiles(error) ? tooManyOpenFiles(error) : error;
}

function isOutOfSpace(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') return true;
  // RocksDB names the cause only in the text of its status.
  return code === 'LEVEL_IO_ERROR' && /no space left|quota exceeded/i.test(error.message);
}

function isOutOfFiles(error: unknown): boolean {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code === 'EMFILE' || code === 'ENFILE';
}

function tooManyOpenFiles(cause: unknown): GantryError {
  return new GantryError('out-of-resources', 'too many open files', { cause });
}

/**
 * What a failed read means: `corrupt` when the storage could not give the bytes back, `out-of-resources` when too many files are
 * open; anything else as it is.
 */
export function toReadError(error: unknown, detail: string): unknown {
  if (isOutOfFiles(error)) return tooManyOpenFiles(error);
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  switch (code) {
    case 'ENOENT':
    case 'EIO':
    case 'LEVEL_CORRUPTION':
    case 'LEVEL_IO_ERROR':
      return new GantryError('corrupt', detail, { cause: error });
    default:
      return error;
  }
}
