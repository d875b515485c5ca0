import { join } from 'node:path';
import type { Engine } from '#engine/engine-types.js';
import type { HttpTransport } from '#engine/transport/http-transport.js';
import { createUwsHttpTransport } from '#engine/transport/uws-http-transport.js';
import type { Config } from './config/config-options.js';
import { dialects } from './dicomweb/dialect.js';
import type { DicomwebService } from './dicomweb/dicomweb-service.js';
import { dicomwebRoutes } from './dicomweb/routes.js';
import { ComposePool } from './dicomweb/stow/compose-pool.js';
import { KeptDocuments } from './dicomweb/wado/kept-documents.js';
import { wadoUriRoutes } from './dicomweb/wado-uri/wado-uri-routes.js';
import { dimseAdminRoutes } from './dimse/admin-routes.js';
import { openDimse } from './dimse/open-dimse.js';
import type { Dimse } from './dimse/open-dimse.js';
import { createHttpService, type Route } from './http/http-service.js';
import { openapiRoute } from './http/openapi-route.js';
import type { PublicUrlPolicy } from './http/public-base-url.js';
import type { ServiceLogger } from './observability/logger.js';
import { createMetrics, type Metrics } from './observability/metrics.js';
import { maintenanceRoutes } from './observability/maintenance-routes.js';
import { operationsRoutes } from './observability/operations-routes.js';
import { readVersionInfo } from './observability/version.js';

/** The running product. */
export interface App {
  /** Without a slash at its end. */
  readonly httpUrl: string;
  /** `host:port`. */
  readonly dimseAddress: string;
  /** `/readyz` says 503 from here on; resolves when what was in progress has ended and everything is closed. */
  close(): Promise<void>;
}

/** Roots of the Studies Service, one a dialect. */
export const dicomwebRoots = [
  { rootPath: '/dicom-web', dialect: dialects.standard },
  { rootPath: '/v2', dialect: dialects.azure },
] as const;

/** The one place that wires HTTP and DIMSE to the engine. When a step fails everything is closed again, the engine too. */
export async function startApp(config: Config, log: ServiceLogger, engine: Engine): Promise<App> {
  const metrics = createMetrics(() => engine.stats());
  const draining = { isDraining: false };
  const closeEngine = (): Promise<void> => engine.close();
  const dimse = await closingOnError(closeEngine, () =>
    openDimse({ config, engine, metrics, logger: log }),
  );
  const composePool = new ComposePool();
  const keptMetadata = new KeptDocuments(config.http.metadataCacheBytes);
  const routes = routesOf({ config, engine, metrics, dimse, draining, composePool, keptMetadata });
  const closeDimse = async (): Promise<void> => {
    await dimse.close(0);
    await closeEngine();
  };
  const http = await closingOnError(closeDimse, () => createHttp(config, log, metrics, routes));
  const closeHttp = async (): Promise<void> => {
    await http.close(0);
    await closeDimse();
  };
  return closingOnError(closeHttp, async () => {
    // HTTP last: it says that the server is ready.
    const dimsePort = await dimse.service.start();
    const dimseTlsPort = await dimse.service.startTls();
    const httpPort = await http.listen(config.http.host, config.http.port);
    const scheme = config.http.tls.keyFile === undefined ? 'http' : 'https';
    log.info({ httpPort, dimsePort, dimseTlsPort }, 'gantry is ready');
    return {
      httpUrl: `${scheme}://${config.http.host}:${httpPort}`,
      dimseAddress: `${config.dimse.host}:${dimsePort}`,
      close: async () => {
        draining.isDraining = true;
        await Promise.all([
          http.close(config.shutdownGraceMs),
          dimse.close(config.shutdownGraceMs),
        ]);
        await composePool.close();
        keptMetadata.close();
        await engine.close();
      },
    };
  });
}

/** What `open` gives; when it throws, what was opened before is closed. */
async function closingOnError<Part>(
  close: () => Promise<void>,
  open: () => Promise<Part>,
): Promise<Part> {
  try {
    return await open();
  } catch (error) {
    await close();
    throw error;
  }
}

interface RouteParts {
  readonly config: Config;
  readonly engine: Engine;
  readonly metrics: Metrics;
  readonly dimse: Dimse;
  readonly draining: { readonly isDraining: boolean };
  readonly composePool: ComposePool;
  readonly keptMetadata: KeptDocuments;
}

function routesOf(parts: RouteParts): Route[] {
  const { metrics, dimse, draining, engine } = parts;
  const services = dicomwebServices(parts);
  const version = readVersionInfo();
  const routes = [
    ...operationsRoutes({
      metrics,
      version,
      readiness: () =>
        draining.isDraining ? { isReady: false, reason: 'stopping' } : engine.health(),
    }),
    ...dimseAdminRoutes(dimse),
    ...maintenanceRoutes(engine.maintenance),
    ...services.flatMap(dicomwebRoutes),
    ...services.slice(0, 1).flatMap(wadoUriRoutes),
  ];
  return [...routes, openapiRoute(routes, { title: 'Gantry', version: version.version })];
}

/** One a root, the standard dialect first. */
function dicomwebServices({
  config,
  engine,
  composePool,
  keptMetadata,
}: RouteParts): DicomwebService[] {
  const { dataDir, http, index } = config;
  return dicomwebRoots.map((root) => ({
    ...root,
    engine,
    composePool,
    keptMetadata,
    publicUrl: publicUrlPolicy(http),
    scratchDirectory: join(dataDir, 'scratch'),
    searchLimitDefault: index.defaultLimit,
    searchLimitMax: index.resultsMax,
    phoneticNames: index.phoneticNames,
    mayExplain: index.explain,
  }));
}

function publicUrlPolicy({ publicBaseUrl, trustedProxies, tls }: Config['http']): PublicUrlPolicy {
  const isTls = tls.keyFile !== undefined;
  return publicBaseUrl === undefined
    ? { trustedProxies, isTls }
    : { publicBaseUrl, trustedProxies, isTls };
}

function createHttp(
  { http }: Config,
  logger: ServiceLogger,
  metrics: Metrics,
  routes: readonly Route[],
): Promise<HttpTransport> {
  const { corsOrigins } = http;
  const handler = createHttpService({
    routes,
    logger,
    cors: { allowedOrigins: corsOrigins.includes('*') ? '*' : corsOrigins },
    onRequest: ({ name, method, status, durationMs }) =>
      metrics.observeHttpRequest({
        route: name,
        method,
        status,
        durationSeconds: durationMs / 1000,
      }),
  });
  const { keyFile, certFile } = http.tls;
  const tls = keyFile === undefined || certFile === undefined ? undefined : { keyFile, certFile };
  const { receiveBufferBytes } = http;
  return createUwsHttpTransport({ handler, receiveBufferBytes, ...(tls !== undefined && { tls }) });
}
