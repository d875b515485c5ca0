import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { EngineStats } from '#engine/engine-types.js';
import { watchEventLoopDelay } from './event-loop-delay.js';
import { engineFigures } from './engine-figures.js';

/** What doors report; names, labels and units are listed in docs/OPERATIONS.md. */
export interface Metrics {
  readonly registry: Registry;
  /** A response has ended. `route` is a name out of the route table, never a path. */
  observeHttpRequest(request: HttpRequestFigures): void;
  /** A DIMSE operation was answered; `service` is a command name of PS3.7, e.g. `C-STORE`. */
  countDimseOperation(service: string, status: number): void;
  associationAccepted(): void;
  /** `reason` is result/source/reason of PS3.8 Table 9-21. */
  associationRejected(reason: string): void;
  /** One that was accepted has ended; `end` says how. */
  associationEnded(end: string): void;
}

export interface HttpRequestFigures {
  readonly route: string;
  readonly method: string;
  readonly status: number;
  readonly durationSeconds: number;
}

const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const durationBuckets = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60,
];

/** Metrics of one process. `engineStats` is asked at each scrape; undefined while there is no engine. */
export function createMetrics(engineStats: () => EngineStats | undefined): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  addEventLoopDelay(registry);
  addEngineFigures(registry, engineStats);

  const httpDuration = new Histogram({
    name: 'gantry_http_request_duration_seconds',
    help: 'time from the head of a request to the end of its response; _count is the number of requests',
    labelNames: ['route', 'method', 'status'],
    buckets: durationBuckets,
    registers,
  });
  const dimseOperations = new Counter({
    name: 'gantry_dimse_operations_total',
    help: 'DIMSE operations answered, by command and status',
    labelNames: ['service', 'status'],
    registers,
  });
  const associations = new Counter({
    name: 'gantry_dimse_associations_total',
    help: 'associations requested, by result, and of those rejected by result/source/reason of the answer',
    labelNames: ['result', 'reason'],
    registers,
  });
  const associationsEnded = new Counter({
    name: 'gantry_dimse_associations_ended_total',
    help: 'associations that have ended, by the way they did',
    labelNames: ['end'],
    registers,
  });
  const associationsActive = new Gauge({
    name: 'gantry_dimse_associations_active',
    help: 'associations open now',
    registers,
  });

  return {
    registry,
    observeHttpRequest({ route, method, status, durationSeconds }) {
      // a client may send any word as its method: it must not make a time series each
      const label = knownMethods.has(method) ? method : 'other';
      httpDuration.observe({ route, method: label, status }, durationSeconds);
    },
    countDimseOperation(service, status) {
      const label = status.toString(16).toUpperCase().padStart(4, '0');
      dimseOperations.inc({ service, status: label });
    },
    associationAccepted() {
      associations.inc({ result: 'accepted', reason: '' });
      associationsActive.inc();
    },
    associationRejected(reason) {
      associations.inc({ result: 'rejected', reason });
    },
    associationEnded(end) {
      associationsEnded.inc({ end });
      associationsActive.dec();
    },
  };
}

function addEventLoopDelay(registry: Registry): void {
  const takeDelay = watchEventLoopDelay();
  new Gauge({
    name: 'gantry_event_loop_delay_seconds',
    help: 'how late the main thread ran its timers since the last scrape',
    labelNames: ['quantile'],
    registers: [registry],
    collect() {
      const { p50, p99, max } = takeDelay();
      this.set({ quantile: '0.5' }, p50);
      this.set({ quantile: '0.99' }, p99);
      this.set({ quantile: '1' }, max);
    },
  });
}

function addEngineFigures(registry: Registry, engineStats: () => EngineStats | undefined): void {
  for (const { type, name, help, labelName, read } of engineFigures) {
    const labelNames = labelName === undefined ? [] : [labelName];
    const options = { name, help, labelNames, registers: [registry] };
    const samples = (): [object, number][] => {
      const stats = engineStats();
      if (stats === undefined) return [];
      return Object.entries(read(stats)).map(([label, value]) => [
        labelName === undefined ? {} : { [labelName]: label },
        value,
      ]);
    };
    if (type === 'counter') {
      new Counter({
        ...options,
        collect() {
          this.reset();
          for (const [labels, value] of samples()) this.inc(labels, value);
        },
      });
    } else {
      new Gauge({
        ...options,
        collect() {
          for (const [labels, value] of samples()) this.set(labels, value);
        },
      });
    }
  }
}
