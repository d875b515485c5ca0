import { assert } from '#engine/base/assert.js';
import { GantryError } from '#engine/base/error-catalogue.js';

/** Values of the `{name}` segments of a template. */
export type RouteParams = Readonly<Record<string, string>>;

/** What a router needs of a row of the route table. */
export interface RoutePattern {
  readonly method: string;
  /** Path such as `/studies/{study}/metadata`. A last segment `{path*}` takes all segments that are left, one at least. */
  readonly template: string;
}

export type RouteMatch<R extends RoutePattern> =
  | { readonly kind: 'found'; readonly route: R; readonly params: RouteParams }
  | { readonly kind: 'method-not-allowed'; readonly allow: string }
  | { readonly kind: 'not-found' };

/** A position in the table: what has been matched so far is the way from the root. */
interface RouteNode<R> {
  readonly literals: Map<string, RouteNode<R>>;
  parameter?: RouteNode<R>;
  rest?: RouteNode<R>;
  readonly routes: Map<string, R>;
}

/** Finds the route of a path. Literal segments go before parameters, parameters before a rest. */
export class Router<R extends RoutePattern> {
  readonly #root: RouteNode<R> = newNode();

  constructor(routes: readonly R[]) {
    for (const route of routes) this.#add(route);
  }

  /**
   * `path` as sent, percent-encoded; it is cut first and its segments are decoded once. Throws `bad-request` for segments that
   * no resource has and that only serve to reach others: `..`, an encoded slash, NUL, or what is not UTF-8.
   */
  match(method: string, path: string): RouteMatch<R> {
    const segments = splitPath(path).map(decodeSegment);
    const node = find(this.#root, segments, 0);
    if (node === undefined) return { kind: 'not-found' };
    const route =
      node.routes.get(method) ?? (method === 'HEAD' ? node.routes.get('GET') : undefined);
    if (route === undefined) return { kind: 'method-not-allowed', allow: allowOf(node) };
    return { kind: 'found', route, params: paramsOf(route.template, segments) };
  }

  #add(route: R): void {
    let node = this.#root;
    for (const segment of splitPath(route.template)) {
      const isRest = segment.endsWith('*}');
      assert(!isRest || route.template.endsWith(segment), 'a rest parameter is the last segment');
      if (isRest) node = node.rest ??= newNode();
      else if (segment.startsWith('{')) node = node.parameter ??= newNode();
      else {
        const next = node.literals.get(segment) ?? newNode<R>();
        node.literals.set(segment, next);
        node = next;
      }
    }
    assert(!node.routes.has(route.method), `one route for ${route.method} ${route.template}`);
    node.routes.set(route.method, route);
  }
}

function newNode<R>(): RouteNode<R> {
  return { literals: new Map(), routes: new Map() };
}

/** Depth is that of the table; a path longer than every template stops early. */
function find<R>(
  node: RouteNode<R>,
  segments: readonly string[],
  index: number,
): RouteNode<R> | undefined {
  const segment = segments[index];
  if (segment === undefined) return node.routes.size > 0 ? node : undefined;
  const literal = node.literals.get(segment);
  const byLiteral = literal === undefined ? undefined : find(literal, segments, index + 1);
  if (byLiteral !== undefined) return byLiteral;
  const byParameter =
    node.parameter === undefined || segment === ''
      ? undefined
      : find(node.parameter, segments, index + 1);
  return byParameter ?? node.rest;
}

/** Segments behind the leading slash; one trailing slash is let through. */
function splitPath(path: string): string[] {
  const end = path.endsWith('/') && path.length > 1 ? path.length - 1 : path.length;
  return path.slice(1, end).split('/');
}

function decodeSegment(segment: string): string {
  let decoded = segment;
  if (segment.includes('%')) {
    try {
      decoded = decodeURIComponent(segment);
    } catch (cause) {
      throw new GantryError('bad-request', 'the path is not percent-encoded UTF-8', { cause });
    }
  }
  if (decoded === '..' || decoded === '.' || /[/\\\0]/.test(decoded)) {
    throw new GantryError('bad-request', 'the path has a segment that is not allowed');
  }
  return decoded;
}

function paramsOf(template: string, segments: readonly string[]): RouteParams {
  const params: Record<string, string> = {};
  splitPath(template).forEach((segment, i) => {
    if (segment.endsWith('*}')) params[segment.slice(1, -2)] = segments.slice(i).join('/');
    else if (segment.startsWith('{')) params[segment.slice(1, -1)] = segments[i] ?? '';
  });
  return params;
}

function allowOf<R>(node: RouteNode<R>): string {
  const methods = new Set(node.routes.keys());
  if (methods.has('GET')) methods.add('HEAD');
  return [...methods.add('OPTIONS')].join(', ');
}
