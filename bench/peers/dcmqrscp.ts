import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { findDcmtkVersion, startDcmtk } from './dcmtk-process.js';
import { MOVE_DESTINATION_AE_TITLE, type PeerLauncher } from './peer.js';
import { findFreePort } from './server-process.js';

const AE_TITLE = 'QRSCP';

/**
 * DCMTK's dcmqrscp, an archive of files with one flat index. It serves C-FIND and C-MOVE here, and is filled by C-STORE. Each
 * association has a process of its own, whose CPU and memory are not among the figures.
 */
export const dcmqrscpLauncher: PeerLauncher = {
  name: 'dcmqrscp',
  bindsEveryInterface: true,
  launch: async (dataDirectory) => {
    const version = findDcmtkVersion('dcmqrscp');
    if (version === undefined) throw new Error('install the package dcmtk');
    const directory = join(dataDirectory, 'archive');
    mkdirSync(directory);
    const logFile = join(dataDirectory, 'server.log');
    writeFileSync(logFile, 'dcmqrscp prints nothing\n');
    const dimsePort = await findFreePort();
    const sinkPort = await findFreePort();
    const configurationFile = join(dataDirectory, 'dcmqrscp.cfg');
    writeFileSync(configurationFile, configuration(directory, dimsePort, sinkPort));
    const server = await startDcmtk('dcmqrscp', ['--config', configurationFile], dimsePort);
    return {
      record: { name: 'dcmqrscp', version, settings: { TCP_NODELAY: '1', fork: 'true' } },
      pid: server.pid,
      httpPort: 0,
      dicomWebPath: '',
      dimsePort,
      aeTitle: AE_TITLE,
      moveDestination: { aeTitle: MOVE_DESTINATION_AE_TITLE, port: sinkPort },
      logFile,
      holds: [],
      transactions: ['cfind', 'cmove'],
      takeEventLoopDelay: () => Promise.resolve(undefined),
      restartIfEnded: () => Promise.resolve(false),
      stop: () => server.stop(),
    };
  },
};

/** One archive that any AE may use; its quota is more than a run stores. */
function configuration(directory: string, dimsePort: number, sinkPort: number): string {
  return [
    `NetworkTCPPort = ${dimsePort}`,
    'MaxPDUSize = 131072',
    'MaxAssociations = 100',
    'HostTable BEGIN',
    `sink = (${MOVE_DESTINATION_AE_TITLE}, 127.0.0.1, ${sinkPort})`,
    'HostTable END',
    'VendorTable BEGIN',
    'VendorTable END',
    'AETable BEGIN',
    `${AE_TITLE} ${directory} RW (10000, 100000mb) ANY`,
    'AETable END',
    '',
  ].join('\n');
}
