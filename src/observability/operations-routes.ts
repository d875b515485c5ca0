import type { Route } from '#src/http/http-service.js';
import {
  answerLivez,
  answerMetrics,
  answerReadyz,
  answerVersion,
  type OperationsAnswer,
  type Readiness,
} from './health-routes.js';
import type { Metrics } from './metrics.js';
import type { VersionInfo } from './version.js';

export interface Operations {
  readonly metrics: Metrics;
  readonly version: VersionInfo;
  readiness(): Readiness;
}

/** Probes and figures for those who run the server. */
export function operationsRoutes({ metrics, version, readiness }: Operations): Route[] {
  const route = (
    template: string,
    permission: string,
    summary: string,
    answer: () => OperationsAnswer | Promise<OperationsAnswer>,
  ): Route => ({
    method: 'GET',
    template,
    permission,
    name: template.slice(1),
    doc: { summary, statuses: [200] },
    handler: async (context) => {
      const { status, contentType, body } = await answer();
      context.respond(status, [['content-type', contentType]], body);
    },
  });
  return [
    route('/livez', 'probe', 'the process answers', answerLivez),
    route('/readyz', 'probe', 'requests are served, or 503 and why not', () =>
      answerReadyz(readiness()),
    ),
    route('/version', 'probe', 'version and build', () => answerVersion(version)),
    route('/metrics', 'operate', 'figures in the text format of Prometheus', () =>
      answerMetrics(metrics),
    ),
  ];
}
