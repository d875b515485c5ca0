import { readFileSync } from 'node:fs';
import { tlsKeyFault } from '#engine/transport/tls-key-fault.js';
import type { ConfigKey } from './config-options.js';
import { ConfigError, type ConfigFault, type LoadedConfig } from './load-config.js';

/** Throws `ConfigError` when files of keys or certificates cannot be read, or do not belong together. */
export function checkTlsFiles({ config, sources }: LoadedConfig): void {
  const faults: ConfigFault[] = [];
  const addFault = (key: ConfigKey, message: string): void => {
    faults.push({ key, message, source: sources.get(key) ?? { kind: 'default', name: 'default' } });
  };
  const read = (key: ConfigKey, path: string): Buffer | undefined => {
    try {
      return readFileSync(path);
    } catch (error) {
      addFault(key, `cannot be read: ${(error as Error).message}`);
      return undefined;
    }
  };
  for (const door of ['http', 'dimse'] as const) {
    const { keyFile, certFile } = config[door].tls;
    if (keyFile === undefined || certFile === undefined) continue;
    const key = read(`${door}.tls.keyFile`, keyFile);
    const cert = read(`${door}.tls.certFile`, certFile);
    if (key === undefined || cert === undefined) continue;
    const fault = tlsKeyFault(key, cert);
    if (fault !== undefined)
      addFault(`${door}.tls.keyFile`, `is no key for the certificate: ${fault}`);
  }
  const { caFile } = config.dimse.tls;
  if (caFile !== undefined) read('dimse.tls.caFile', caFile);
  if (faults.length > 0) throw new ConfigError(faults);
}
