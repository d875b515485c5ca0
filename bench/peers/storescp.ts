import { type DcmtkProcess, startDcmtk } from './dcmtk-process.js';

export interface StorescpOptions {
  readonly aeTitle: string;
  readonly port: number;
  /** What to do with instances. */
  readonly args: readonly string[];
}

/** Starts DCMTK's storescp with a process for each association. */
export function startStorescp({ aeTitle, port, args }: StorescpOptions): Promise<DcmtkProcess> {
  const common = ['--aetitle', aeTitle, '--max-pdu', '131072', '--fork'];
  return startDcmtk('storescp', [...common, ...args, String(port)], port);
}
