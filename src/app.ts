import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Config } from './config/config-options.js';
import {
  answerLivez,
  answerMetrics,
  answerReadyz,
  answerVersion,
  type OperationsAnswer,
} from './observability/health-routes.js';
import type { ServiceLogger } from './observability/logger.js';
import { createMetrics } from './observability/metrics.js';
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

/** Starts the operations endpoints, alone for now. */
export async function startApp(config: Config, log: ServiceLogger): Promise<App> {
  let isDraining = false;
  const version = readVersionInfo();
  const metrics = createMetrics(() => undefined);
  const routes: Readonly<Record<string, () => OperationsAnswer | Promise<OperationsAnswer>>> = {
    '/livez': answerLivez,
    '/readyz': () => answerReadyz({ isReady: !isDraining, reason: 'stopping' }),
    '/version': () => answerVersion(version),
    '/metrics': () => answerMetrics(metrics),
  };
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const answer = await routes[request.url ?? '']?.();
    response.statusCode = answer?.status ?? 404;
    response.setHeader('content-type', answer?.contentType ?? 'text/plain; charset=utf-8');
    response.end(answer?.body ?? 'no such resource\n');
  };
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(config.http.port, config.http.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  log.info({ host: config.http.host, port }, 'http is listening');
  return {
    httpUrl: `http://${config.http.host}:${port}`,
    dimseAddress: `${config.dimse.host}:${config.dimse.port}`,
    close: () => {
      isDraining = true;
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
