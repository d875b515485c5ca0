import { GantryError } from '#engine/base/error-catalogue.js';
import { limits } from '#engine/base/limits.js';
import type { Logger } from '#engine/base/logger.js';
import { isUid } from '#engine/base/uid.js';
import type { HttpExchange, HttpHandler, HttpRequest } from '#engine/transport/http-transport.js';
import { correlationIdFor } from '#src/observability/correlation-id.js';
import { corsHeaders, preflightHeaders, refuseForeignPages, type CorsPolicy } from './cors.js';
import type { ErrorBody } from './error-response.js';
import { RefusalLog } from './refusal-log.js';
import { RequestContext } from './request-context.js';
import type { RouteDoc } from './route-doc.js';
import { Router, type RouteMatch, type RouteParams } from './router.js';

/** One row of the route table. */
export interface Route {
  readonly method: string;
  /** See `RoutePattern`. */
  readonly template: string;
  /** What the caller must be allowed to do; the words are the authorizer's. */
  readonly permission: string;
  /** Name for metrics and log lines. */
  readonly name: string;
  /** For capabilities and the OpenAPI document. */
  readonly doc?: RouteDoc;
  /** Form of its errors; default: problem details. */
  readonly errorBody?: ErrorBody;
  /** Answers through the context, now or later; what it throws, or rejects with, becomes an error answer. */
  readonly handler: (context: RequestContext) => void | Promise<void>;
}

export type AuthorizationDecision = 'allowed' | 'unauthenticated' | 'forbidden';

export type Authorize = (
  request: HttpRequest,
  permission: string,
  params: RouteParams,
) => AuthorizationDecision | Promise<AuthorizationDecision>;

/** One finished request, for metrics. Status 499: the client went before there was an answer. */
export interface RequestReport {
  /** Name of the route, `preflight` or `unmatched`. */
  readonly name: string;
  readonly method: string;
  readonly status: number;
  readonly durationMs: number;
}

export interface HttpServiceOptions {
  readonly routes: readonly Route[];
  readonly cors: CorsPolicy;
  readonly logger: Logger;
  /** Default: everybody may do everything. */
  readonly authorize?: Authorize;
  readonly onRequest?: (report: RequestReport) => void;
}

const clientClosedStatus = 499;

/** The handler of a transport: routes, authorizes, and sees to it that every request gets exactly one answer. */
export function createHttpService(options: HttpServiceOptions): HttpHandler {
  const service = new HttpService(options);
  return (exchange) => service.handle(exchange);
}

class HttpService {
  readonly #options: HttpServiceOptions;
  readonly #router: Router<Route>;
  readonly #refusals: RefusalLog;

  constructor(options: HttpServiceOptions) {
    this.#options = options;
    this.#refusals = new RefusalLog(options.logger);
    this.#router = new Router(options.routes);
  }

  handle(exchange: HttpExchange): void {
    const { method, path } = exchange.request;
    let match: RouteMatch<Route> = { kind: 'not-found' };
    let pathError: unknown;
    try {
      checkRequest(exchange.request);
      refuseForeignPages(this.#options.cors, exchange.request);
      match = this.#router.match(method, path);
    } catch (error) {
      pathError = error;
    }
    const context = this.#createContext(exchange, match);
    if (isPreflight(exchange.request, match)) respondToOptions(context, match);
    else if (pathError !== undefined) context.respondError(pathError);
    else if (match.kind === 'not-found') context.respondError(new GantryError('not-found'));
    else if (match.kind === 'method-not-allowed') {
      context.respondError(new GantryError('method-not-allowed'), [['allow', match.allow]]);
    } else this.#run(context, match.route);
  }

  /** Handlers that need no waiting run within the event that brought the request, so a body is received without being held. */
  #run(context: RequestContext, route: Route): void {
    try {
      const decision =
        this.#options.authorize?.(context.request, route.permission, context.params) ?? 'allowed';
      const outcome =
        typeof decision === 'string'
          ? obey(decision, context, route)
          : decision.then((decided) => obey(decided, context, route));
      outcome?.catch((error: unknown) => context.respondError(error));
    } catch (error) {
      context.respondError(error);
    }
  }

  #createContext(exchange: HttpExchange, match: RouteMatch<Route>): RequestContext {
    const { request } = exchange;
    const correlationId = correlationIdFor(request.header('x-request-id'));
    const startMs = performance.now();
    const params = isFound(match) ? match.params : {};
    const name = nameOf(request, match);
    let status = clientClosedStatus;
    let isReported = false;
    const report = (): void => {
      if (isReported) return;
      isReported = true;
      const durationMs = performance.now() - startMs;
      const { method } = request;
      this.#options.logger.debug(
        { correlationId, name, method, status, durationMs, ...uidsOf(params) },
        'request served',
      );
      this.#options.onRequest?.({ name, method, status, durationMs });
    };
    exchange.onAborted(report);
    return new RequestContext({
      exchange,
      params,
      correlationId,
      errorBody: (isFound(match) ? match.route.errorBody : undefined) ?? 'problem',
      refusals: this.#refusals,
      log: withFields(this.#options.logger, { correlationId, name }),
      commonHeaders: [
        ['x-request-id', correlationId],
        ['x-content-type-options', 'nosniff'],
        ...corsHeaders(this.#options.cors, request.header('origin')),
      ],
      onAnswered: (answered) => (status = answered),
      onEnded: report,
    });
  }
}

type FoundMatch = Extract<RouteMatch<Route>, { kind: 'found' }>;

function isFound(match: RouteMatch<Route>): match is FoundMatch {
  return match.kind === 'found';
}

/** What is refused whatever the route. */
function checkRequest(request: HttpRequest): void {
  if (request.path.length + request.query.length > limits.urlBytesMax) {
    throw new GantryError('uri-too-long', `at most ${limits.urlBytesMax} bytes`);
  }
  // A compressed body could be a bomb, and no DICOMweb client compresses: PS3.18 §8.4.3 leaves it to the server.
  const encoding = request.header('content-encoding');
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new GantryError('unsupported-media-type', 'content encodings are not supported');
  }
}

function obey(
  decision: AuthorizationDecision,
  context: RequestContext,
  route: Route,
): Promise<void> | undefined {
  if (context.isAborted) return undefined;
  if (decision !== 'allowed') throw new GantryError(decision);
  return route.handler(context) ?? undefined;
}

/** Browsers ask before they send (Fetch standard, CORS-preflight request); an OPTIONS that nothing answers is treated alike. */
function isPreflight(request: HttpRequest, match: RouteMatch<Route>): boolean {
  if (request.method !== 'OPTIONS') return false;
  return !isFound(match) || request.header('access-control-request-method') !== undefined;
}

/** A preflight carries no credentials and must pass also where the request itself will not, or the page never sees why. */
function respondToOptions(context: RequestContext, match: RouteMatch<Route>): void {
  const allow = match.kind === 'method-not-allowed' ? ([['allow', match.allow]] as const) : [];
  context.respond(204, [...allow, ...preflightHeaders]);
}

/** For metrics and log lines. */
function nameOf(request: HttpRequest, match: RouteMatch<Route>): string {
  if (isPreflight(request, match)) return 'preflight';
  return isFound(match) ? match.route.name : 'unmatched';
}

/** Only UIDs: any other part of a path may be about a patient. */
function uidsOf(params: RouteParams): RouteParams {
  return Object.fromEntries(Object.entries(params).filter(([, value]) => isUid(value)));
}

function withFields(logger: Logger, fields: object): Logger {
  return {
    debug: (more, message) => logger.debug({ ...fields, ...more }, message),
    info: (more, message) => logger.info({ ...fields, ...more }, message),
    warn: (more, message) => logger.warn({ ...fields, ...more }, message),
    error: (more, message) => logger.error({ ...fields, ...more }, message),
  };
}
