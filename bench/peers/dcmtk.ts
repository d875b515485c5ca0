import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { findDcmtkVersion } from './dcmtk-process.js';
import { MOVE_DESTINATION_AE_TITLE, type PeerLauncher } from './peer.js';
import { findFreePort } from './server-process.js';
import { startStorescp } from './storescp.js';

const AE_TITLE = 'STORESCP';

/**
 * DCMTK's storescp, which writes what it is sent to a file each, bit by bit, and keeps nothing else: no index, no sync. It serves
 * C-STORE only. Each association has a process of its own, whose CPU and memory are not among the figures.
 */
export const dcmtkLauncher: PeerLauncher = {
  name: 'dcmtk',
  bindsEveryInterface: true,
  launch: async (dataDirectory) => {
    const version = findDcmtkVersion('storescp');
    if (version === undefined) throw new Error('install the package dcmtk');
    const directory = join(dataDirectory, 'received');
    mkdirSync(directory);
    const logFile = join(dataDirectory, 'server.log');
    writeFileSync(logFile, 'storescp prints nothing\n');
    const dimsePort = await findFreePort();
    const args = ['--output-directory', directory, '--bit-preserving'];
    const server = await startStorescp({ aeTitle: AE_TITLE, port: dimsePort, args });
    return {
      record: { name: 'dcmtk', version, settings: { TCP_NODELAY: '1', fork: 'true' } },
      pid: server.pid,
      httpPort: 0,
      dicomWebPath: '',
      dimsePort,
      aeTitle: AE_TITLE,
      moveDestination: { aeTitle: MOVE_DESTINATION_AE_TITLE, port: 0 },
      logFile,
      holds: [],
      transactions: ['cstore'],
      readStored: (sopInstanceUid) => {
        // It puts the modality in front of the UID.
        return readFileSync(join(directory, `CT.${sopInstanceUid}`));
      },
      takeEventLoopDelay: () => Promise.resolve(undefined),
      restartIfEnded: () => Promise.resolve(false),
      stop: () => server.stop(),
    };
  },
};
