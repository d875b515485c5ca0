import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { MOVE_DESTINATION_AE_TITLE, type PeerLauncher, type RunningPeer } from './peer.js';
import { isLoopbackOnly } from './network-namespace.js';
import { findFreePort, ServerProcess } from './server-process.js';

const DICOM_WEB_PLUGIN = '/usr/share/orthanc/plugins/libOrthancDicomWeb.so';
const GDCM_PLUGIN = '/usr/share/orthanc/plugins/libOrthancGdcm.so';
const AE_TITLE = 'ORTHANC';

/** Whether Debian's packages orthanc and orthanc-dicomweb are installed. */
export function isOrthancInstalled(): boolean {
  return existsSync('/usr/sbin/Orthanc') && existsSync(DICOM_WEB_PLUGIN);
}

/** Debian's Orthanc with its DICOMweb plugin and its built-in SQLite index. It listens on every interface. */
export const orthancLauncher: PeerLauncher = {
  name: 'orthanc',
  bindsEveryInterface: true,
  launch: (dataDirectory) => launchOrthanc('orthanc', [DICOM_WEB_PLUGIN], dataDirectory),
};

/** The same with Debian's package orthanc-gdcm, which decodes JPEG 2000 besides. Its version 1.5 crashes at some requests. */
export const orthancGdcmLauncher: PeerLauncher = {
  name: 'orthanc-gdcm',
  bindsEveryInterface: true,
  launch: (dataDirectory) => {
    if (!existsSync(GDCM_PLUGIN)) throw new Error('install the package orthanc-gdcm');
    return launchOrthanc('orthanc-gdcm', [DICOM_WEB_PLUGIN, GDCM_PLUGIN], dataDirectory);
  },
};

async function launchOrthanc(
  name: string,
  plugins: readonly string[],
  dataDirectory: string,
): Promise<RunningPeer> {
  if (!isOrthancInstalled()) throw new Error('install the packages orthanc and orthanc-dicomweb');
  if (!isLoopbackOnly())
    throw new Error('Orthanc is started only where there is nothing but loopback');
  const httpPort = await findFreePort();
  const dimsePort = await findFreePort();
  const sinkPort = await findFreePort();
  const logFile = join(dataDirectory, 'server.log');
  const configurationFile = join(dataDirectory, 'orthanc.json');
  writeFileSync(
    configurationFile,
    JSON.stringify({
      ...configuration(dataDirectory, { httpPort, dimsePort, sinkPort }),
      Plugins: plugins,
    }),
  );
  const server = await ServerProcess.start({
    file: '/usr/sbin/Orthanc',
    args: [configurationFile],
    // Without it each DIMSE answer waits 40 ms for the client's delayed acknowledgement: no rival worth beating.
    environment: { TCP_NODELAY: '1' },
    logFile,
    httpPort,
    readyPath: '/system',
  });
  return {
    record: {
      name,
      version: readVersion(),
      settings: { index: 'SQLite', plugin: 'DICOMweb', TCP_NODELAY: '1' },
    },
    get pid() {
      return server.pid;
    },
    httpPort,
    dicomWebPath: '/dicom-web',
    dimsePort,
    aeTitle: AE_TITLE,
    moveDestination: { aeTitle: MOVE_DESTINATION_AE_TITLE, port: sinkPort },
    logFile,
    holds: [],
    takeEventLoopDelay: () => Promise.resolve(undefined),
    restartIfEnded: () => server.restartIfEnded(),
    stop: () => server.stop(),
  };
}

/** The defaults, except for what a server on loopback without users needs. */
function configuration(
  dataDirectory: string,
  {
    httpPort,
    dimsePort,
    sinkPort,
  }: Readonly<Record<'httpPort' | 'dimsePort' | 'sinkPort', number>>,
): object {
  return {
    Name: 'bench',
    StorageDirectory: join(dataDirectory, 'storage'),
    IndexDirectory: join(dataDirectory, 'storage'),
    StorageCompression: false,
    HttpPort: httpPort,
    DicomPort: dimsePort,
    DicomAet: AE_TITLE,
    DicomCheckCalledAet: false,
    DicomAlwaysAllowStore: true,
    DicomAlwaysAllowFind: true,
    DicomAlwaysAllowMove: true,
    DicomModalities: { sink: [MOVE_DESTINATION_AE_TITLE, '127.0.0.1', sinkPort] },
    RemoteAccessAllowed: false,
    AuthenticationEnabled: false,
    SslEnabled: false,
    KeepAlive: true,
    TcpNoDelay: true,
    OverwriteInstances: false,
    StableAge: 60,
    DicomWeb: { Enable: true, Root: '/dicom-web/', EnableWado: false, Ssl: false },
  };
}

/** Debian versions of server and plugin, else what the program says of itself. */
function readVersion(): string {
  try {
    const query = [
      '--showformat=${Package} ${Version}\\n',
      '--show',
      'orthanc',
      'orthanc-dicomweb',
    ];
    return execFileSync('dpkg-query', query, { encoding: 'utf8' }).trim().replaceAll('\n', ', ');
  } catch {
    return (
      execFileSync('/usr/sbin/Orthanc', ['--version'], { encoding: 'utf8' }).split('\n')[0] ?? ''
    );
  }
}
