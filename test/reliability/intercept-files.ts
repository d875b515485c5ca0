import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { RocksdbBatch } from '#native-bindings/rocksdb/rocksdb-batch.js';

/** One call of the store thread that reaches the disk. */
export type FileCall =
  | { readonly kind: 'open'; readonly path: string; readonly fd: number }
  | {
      readonly kind: 'write';
      readonly fd: number;
      readonly bytes: Buffer;
      readonly position: number;
    }
  | { readonly kind: 'truncate'; readonly fd: number; readonly length: number }
  | { readonly kind: 'sync'; readonly fd: number }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string }
  | { readonly kind: 'unlink'; readonly path: string }
  /** A batch of RocksDB. */
  | { readonly kind: 'batch'; readonly isSynced: boolean };

export interface FileCalls {
  /** May throw, and then the call is not made. */
  before?(call: FileCall): void;
  /** The call was made. */
  after?(call: FileCall): void;
}

type WriteArguments = [fd: number, data: Uint8Array, from: number, length: number, at: number];

/**
 * Puts itself between the store and `node:fs` of this thread, and in front of RocksDB's batches; the product needs no seam for it.
 * Returns what takes it away again.
 */
export function interceptFiles(calls: FileCalls): () => void {
  const { openSync, writeSync, writevSync, ftruncateSync, fdatasyncSync, fsyncSync } = fs;
  const { renameSync, unlinkSync } = fs;
  const originals = {
    ...{ openSync, writeSync, writevSync, ftruncateSync, fdatasyncSync, fsyncSync },
    ...{ renameSync, unlinkSync },
  };
  const originalBatch = Object.getOwnPropertyDescriptor(RocksdbBatch.prototype, 'write')!;
  const around = <Result>(call: FileCall, make: () => Result): Result => {
    calls.before?.(call);
    const result = make();
    calls.after?.(call);
    return result;
  };
  const patch = fs as unknown as Record<string, unknown>;
  patch['openSync'] = (...args: Parameters<typeof fs.openSync>): number => {
    const fd = originals.openSync(...args);
    calls.after?.({ kind: 'open', path: String(args[0]), fd });
    return fd;
  };
  patch['writeSync'] = (...args: WriteArguments): number => {
    const [fd, data, from, length, position] = args;
    const bytes = Buffer.from(data.subarray(from, from + length));
    return around({ kind: 'write', fd, bytes, position }, () => originals.writeSync(...args));
  };
  patch['writevSync'] = (fd: number, buffers: readonly Uint8Array[], at: number) =>
    around({ kind: 'write', fd, bytes: Buffer.concat(buffers), position: at }, () =>
      originals.writevSync(fd, buffers, at),
    );
  patch['ftruncateSync'] = (fd: number, length: number) =>
    around({ kind: 'truncate', fd, length }, () => originals.ftruncateSync(fd, length));
  for (const name of ['fdatasyncSync', 'fsyncSync'] as const) {
    patch[name] = (fd: number) => around({ kind: 'sync', fd }, () => originals[name](fd));
  }
  patch['renameSync'] = (path: string, to: string) =>
    around({ kind: 'rename', path, to }, () => originals.renameSync(path, to));
  patch['unlinkSync'] = (path: string) =>
    around({ kind: 'unlink', path }, () => originals.unlinkSync(path));
  syncBuiltinESMExports();
  const writeBatch = originalBatch.value as RocksdbBatch<string>['write'];
  Object.defineProperty(RocksdbBatch.prototype, 'write', {
    ...originalBatch,
    value(this: RocksdbBatch<string>, options: { readonly isSynced: boolean }) {
      const { isSynced } = options;
      around({ kind: 'batch', isSynced }, () => writeBatch.call(this, options));
    },
  });
  return () => {
    Object.assign(fs, originals);
    syncBuiltinESMExports();
    Object.defineProperty(RocksdbBatch.prototype, 'write', originalBatch);
  };
}
