import type { Metrics } from './metrics.js';
import type { VersionInfo } from './version.js';

/** An answer of an operations endpoint, whatever HTTP service sends it. */
export interface OperationsAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Whether requests may be sent here, and why not; `Engine.health()` has this shape. */
export interface Readiness {
  readonly isReady: boolean;
  readonly reason: string;
}

/** `GET /livez`: the process answers. It says nothing of the store, so that a full disk does not get it restarted. */
export function answerLivez(): OperationsAnswer {
  return { status: 200, contentType: 'text/plain; charset=utf-8', body: 'ok\n' };
}

/** `GET /readyz`: 200 when requests are served, 503 with the reason while starting, draining or unable to write. */
export function answerReadyz({ isReady, reason }: Readiness): OperationsAnswer {
  return {
    status: isReady ? 200 : 503,
    contentType: 'text/plain; charset=utf-8',
    body: isReady ? 'ok\n' : `not ready: ${reason}\n`,
  };
}

/** `GET /version`: JSON for bug reports. */
export function answerVersion(version: VersionInfo): OperationsAnswer {
  return { status: 200, contentType: 'application/json', body: `${JSON.stringify(version)}\n` };
}

/** `GET /metrics`: Prometheus text format. */
export async function answerMetrics(metrics: Metrics): Promise<OperationsAnswer> {
  const body = await metrics.registry.metrics();
  return { status: 200, contentType: metrics.registry.contentType, body };
}
