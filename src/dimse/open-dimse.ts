import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine } from '#engine/engine-types.js';
import type { Config } from '#src/config/config-options.js';
import { localAe, remoteAe } from '#src/config/option-types.js';
import type { RemoteAe } from '#src/config/option-types.js';
import type { ServiceLogger } from '#src/observability/logger.js';
import type { Metrics } from '#src/observability/metrics.js';
import type { DimseAdministration } from './admin-routes.js';
import { dimseCounters } from './dimse-counters.js';
import { defaultDimseServiceOptions, DimseService } from './dimse-service.js';
import type { DimseServiceOptions, DimseTlsOptions } from './dimse-service.js';
import { AssociationInspector } from './inspector/association-inspector.js';
import { CommitmentJobs } from './storage-commitment/commitment-jobs.js';
import { deliverReport } from './storage-commitment/deliver-report.js';
import { AccessSettings } from './access-settings.js';
import { AeDirectory } from './ae-directory.js';
import { defaultScuTimeouts } from './scu/association-requestor.js';
import { DimseClient } from './scu/dimse-client.js';
import { openIdentityVerifier } from './user-identity/identity-verifier.js';

/** The DIMSE side of the product, not listening yet. */
export interface Dimse extends DimseAdministration {
  readonly service: DimseService;
  /** As `DimseService.stop`; associations that we opened end too. */
  close(graceMs: number): Promise<void>;
}

/** What the DIMSE side is made of. */
export interface DimseParts {
  readonly config: Config;
  readonly engine: Engine;
  readonly metrics: Metrics;
  readonly logger: ServiceLogger;
}

/** Associations that the inspector keeps. */
const inspectedAssociationsMax = 100;

/** Before each further attempt to report on a storage commitment: a modality may be off for the night. */
const reportRetryDelaysMs = [10, 60, 300, 1_800, 7_200, 43_200].map((seconds) => seconds * 1_000);

/** Builds the DIMSE side. Rejects when a file of keys or users or the remote AEs of the data directory cannot be read. */
export async function openDimse({ config, engine, metrics, logger }: DimseParts): Promise<Dimse> {
  const { dimse, dataDir } = config;
  const { remoteAes, localAes, access } = openConfiguration(config);
  const inspector = new AssociationInspector(inspectedAssociationsMax);
  const findRemoteAe = (aeTitle: string): RemoteAe | undefined => remoteAes.find(aeTitle);
  const tls = readTls(dimse.tls);
  const client = new DimseClient({
    findRemoteAe,
    aeTitle: dimse.aeTitle,
    maximumLengthBytes: dimse.maxPduBytes,
    timeouts: { ...defaultScuTimeouts, responseTimeoutMs: dimse.responseTimeoutMs },
    idleTimeMs: dimse.keepOpenMs,
    ...(tls !== undefined && { tls }),
    logger,
    onAttempt: (attempt) => inspector.addRequested(attempt),
  });
  const commitmentJobs = new CommitmentJobs({
    directory: join(dataDir, 'storage-commitment'),
    engine,
    deliver: (requester, report) => deliverReport(client, requester, report),
    retryDelaysMs: reportRetryDelaysMs,
    logger,
  });
  commitmentJobs.resume();
  const service = new DimseService(serviceOptions(dimse, tls), {
    openStoreSession: (options) => engine.openStoreSession(options),
    isCongested: () => engine.isCongested(),
    whenFree: () => engine.whenFree('association'),
    engine,
    destinations: client,
    logger,
    counters: dimseCounters(metrics),
    findRemoteAe,
    inspector,
    commitmentJobs,
    currentAccess: () => ({ ...access.values, localAes: localAes.list() }),
    verifyIdentity: await openIdentityVerifier(dimse.userIdentity, logger),
  });
  return {
    service,
    remoteAes,
    localAes,
    access,
    inspector,
    remote: {
      client,
      engine,
      openStoreSession: (options) => engine.openStoreSession(options),
      aeTitle: dimse.aeTitle,
      logger,
    },
    close: async (graceMs) => {
      await service.stop(graceMs);
      await commitmentJobs.close();
      await client.close();
    },
  };
}

/** What can be configured while the store runs. */
function openConfiguration({
  dimse,
  remoteAes,
  dataDir,
}: Config): Pick<DimseAdministration, 'remoteAes' | 'localAes' | 'access'> {
  const { aeTitle, unknownAeVerbs, checkCalledAe } = dimse;
  return {
    remoteAes: new AeDirectory({
      what: 'remote AE',
      schema: remoteAe().schema,
      configured: remoteAes,
      filePath: join(dataDir, 'remote-aes.json'),
    }),
    localAes: new AeDirectory({
      what: 'local AE',
      schema: localAe().schema,
      configured: [{ aeTitle, partition: 0 }, ...dimse.localAes],
      filePath: join(dataDir, 'local-aes.json'),
    }),
    access: new AccessSettings({ unknownAeVerbs, checkCalledAe }, join(dataDir, 'access.json')),
  };
}

interface TlsKeys {
  readonly key: Buffer;
  readonly cert: Buffer;
  readonly ca?: Buffer;
}

function readTls({ keyFile, certFile, caFile }: Config['dimse']['tls']): TlsKeys | undefined {
  if (keyFile === undefined || certFile === undefined) return undefined;
  return {
    key: readFileSync(keyFile),
    cert: readFileSync(certFile),
    ...(caFile !== undefined && { ca: readFileSync(caFile) }),
  };
}

function serviceOptions(dimse: Config['dimse'], keys: TlsKeys | undefined): DimseServiceOptions {
  const { port: tlsPort, mutual: isMutual } = dimse.tls;
  const tls: DimseTlsOptions | undefined =
    keys === undefined || tlsPort === undefined ? undefined : { ...keys, port: tlsPort, isMutual };
  return {
    ...defaultDimseServiceOptions,
    host: dimse.host,
    port: dimse.port,
    aeTitle: dimse.aeTitle,
    localAes: dimse.localAes,
    checkCalledAe: dimse.checkCalledAe,
    acceptedCallingAes: dimse.acceptedCallingAes,
    unknownAeVerbs: dimse.unknownAeVerbs,
    additionalSopClasses: dimse.additionalSopClasses,
    maximumLengthBytes: dimse.maxPduBytes,
    associationsMax: dimse.maxAssociations,
    connectionsPerAddressMax: dimse.maxAssociations,
    artimTimeoutMs: dimse.artimTimeoutMs,
    idleTimeoutMs: dimse.idleTimeoutMs,
    ...(tls !== undefined && { tls }),
  };
}
