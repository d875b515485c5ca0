import type { MessagePort } from 'node:worker_threads';
import { RocksdbDatabase } from '#native-bindings/rocksdb/rocksdb-database.js';
import type { StoreColumn } from './catalog/catalog-keys.js';

/**
 * The database of the catalogue, whose handle comes by `port` when the main thread has opened it; undefined when the port is
 * closed instead.
 */
export async function borrowCatalog(
  port: MessagePort,
): Promise<RocksdbDatabase<StoreColumn> | undefined> {
  const handle = await new Promise<bigint | undefined>((resolve) => {
    port.once('message', resolve);
    port.once('close', () => resolve(undefined));
  });
  port.close();
  return handle === undefined ? undefined : RocksdbDatabase.borrow<StoreColumn>(handle);
}
