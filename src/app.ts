import type { Engine } from '#engine/engine-types.js';
import { openEngine } from '#engine/open-engine.js';
import type { HttpTransport } from '#engine/transport/http-transport.js';
import { createUwsHttpTransport } from '#engine/transport/uws-http-transport.js';
import type { Config } from './config/config-options.js';
import { dicomwebRoutes } from './dicomweb/routes.js';
import { DimseService, defaultDimseServiceOptions } from './dimse/dimse-service.js';
import { dimseCounters } from './dimse/dimse-counters.js';
import { createHttpService, type Route } from './http/http-service.js';
import type { PublicUrlPolicy } from './http/public-base-url.js';
import type { ServiceLogger } from './observability/logger.js';
import { createMetrics, type Metrics } from './observability/metrics.js';
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

export const dicomwebRootPath = '/dicom-web';

/** The one place that wires: engine, HTTP and DIMSE. What was opened is closed again when a later step fails. */
export async function startApp(config: Config, log: ServiceLogger): Promise<App> {
  const engine = await openEngine(config, log);
  const metrics = createMetrics(() => engine.stats());
  const draining = { isDraining: false };
  const dimse = createDimse(config, engine, metrics, log);
  const http = await createHttp(config, log, metrics, routesOf(config, engine, metrics, draining));
  try {
    const httpPort = await http.listen(config.http.host, config.http.port);
    const dimsePort = await dimse.start();
    const scheme = config.http.tls.keyFile === undefined ? 'http' : 'https';
    log.info({ httpPort, dimsePort }, 'gantry is ready');
    return {
      httpUrl: `${scheme}://${config.http.host}:${httpPort}`,
      dimseAddress: `${config.dimse.host}:${dimsePort}`,
      close: async () => {
        draining.isDraining = true;
        await Promise.all([http.close(config.shutdownGraceMs), dimse.stop(config.shutdownGraceMs)]);
        await engine.close();
      },
    };
  } catch (error) {
    await http.close(0);
    await dimse.stop(0);
    await engine.close();
    throw error;
  }
}

function routesOf(
  config: Config,
  engine: Engine,
  metrics: Metrics,
  draining: { readonly isDraining: boolean },
): Route[] {
  return [
    ...operationsRoutes({
      metrics,
      version: readVersionInfo(),
      readiness: () =>
        draining.isDraining ? { isReady: false, reason: 'stopping' } : engine.health(),
    }),
    ...dicomwebRoutes({
      engine,
      rootPath: dicomwebRootPath,
      publicUrl: publicUrlPolicy(config.http),
      searchLimitDefault: config.index.defaultLimit,
      searchLimitMax: config.index.resultsMax,
    }),
  ];
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
  return createUwsHttpTransport(tls === undefined ? { handler } : { handler, tls });
}

function createDimse(
  { dimse }: Config,
  engine: Engine,
  metrics: Metrics,
  logger: ServiceLogger,
): DimseService {
  return new DimseService(
    {
      ...defaultDimseServiceOptions,
      host: dimse.host,
      port: dimse.port,
      aeTitle: dimse.aeTitle,
      checkCalledAe: dimse.checkCalledAe,
      acceptedCallingAes: dimse.acceptedCallingAes,
      additionalSopClasses: dimse.additionalSopClasses,
      maximumLengthBytes: dimse.maxPduBytes,
      associationsMax: dimse.maxAssociations,
      connectionsPerAddressMax: dimse.maxAssociations,
      artimTimeoutMs: dimse.artimTimeoutMs,
      idleTimeoutMs: dimse.idleTimeoutMs,
    },
    {
      openStoreSession: (options) => engine.openStoreSession(options),
      isCongested: () => engine.isCongested(),
      logger,
      counters: dimseCounters(metrics),
    },
  );
}
