import type { Route } from './http-service.js';
import type { ParameterDoc, RouteDoc } from './route-doc.js';

export interface OpenapiInfo {
  readonly title: string;
  readonly version: string;
}

/**
 * The routes as an OpenAPI 3.1 document, for generators of clients and for people. Query parameters of one name mean the same on
 * every route, so they stand once, among the components.
 */
export function openapiDocument(routes: readonly Route[], info: OpenapiInfo): object {
  const paths: Record<string, Record<string, object>> = {};
  const parameters: Record<string, object> = {};
  for (const route of routes) {
    const path = (paths[pathOf(route.template)] ??= {});
    path[route.method.toLowerCase()] = operationOf(route);
    for (const parameter of route.doc?.parameters ?? []) {
      parameters[parameter.name] ??= queryParameter(parameter);
    }
  }
  return {
    openapi: '3.1.0',
    info: { ...info, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/' }],
    paths,
    components: {
      parameters,
      schemas: {
        Problem: {
          type: 'object',
          description: 'Problem details, RFC 9457',
          properties: {
            type: { type: 'string' },
            title: { type: 'string' },
            status: { type: 'integer' },
            detail: { type: 'string' },
            correlationId: { type: 'string' },
          },
          required: ['type', 'title', 'status', 'correlationId'],
        },
      },
    },
  };
}

/** Descriptions of responses, which OpenAPI requires. */
const statusTexts: Readonly<Record<number, string>> = {
  200: 'OK',
  202: 'Accepted, with warnings or failures',
  204: 'No content',
  206: 'Part of what was asked for',
  304: 'Not modified',
  400: 'Bad request',
  404: 'Not found',
  406: 'Not acceptable',
  409: 'Conflict',
  413: 'Too large',
  415: 'Unsupported media type',
  503: 'Come back later',
};

/** OpenAPI has no parameter that takes the rest of a path. */
function pathOf(template: string): string {
  return template.replace('*}', '}');
}

function operationOf(route: Route): object {
  const { template, permission, doc } = route;
  const requestTypes = doc?.requestTypes ?? [];
  return {
    operationId: operationIdOf(route),
    ...(doc === undefined ? {} : { summary: doc.summary }),
    ...(doc?.section === undefined ? {} : { description: doc.section }),
    'x-permission': permission,
    parameters: [...pathParameters(template), ...queryReferences(doc)],
    ...(requestTypes.length === 0
      ? {}
      : { requestBody: { required: true, content: contentOf(requestTypes) } }),
    responses: responsesOf(route, doc),
  };
}

/** Capabilities have one name on every resource. */
function operationIdOf({ method, template, name }: Route): string {
  const root = template.split('/')[1] ?? '';
  const id = method === 'OPTIONS' ? `${name}${template}` : `${root}-${name}`;
  return id.replace(/[^A-Za-z0-9]+/g, '-').replace(/-$/, '');
}

function pathParameters(template: string): object[] {
  return [...template.matchAll(/\{(\w+)\*?\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryReferences(doc: RouteDoc | undefined): object[] {
  return (doc?.parameters ?? []).map(({ name }) => ({ $ref: `#/components/parameters/${name}` }));
}

function queryParameter({ name, doc, type = 'string' }: ParameterDoc): object {
  return { name, in: 'query', description: doc, schema: { type } };
}

function responsesOf(route: Route, doc: RouteDoc | undefined): Record<string, object> {
  const responses: Record<string, object> = {};
  for (const status of doc?.statuses ?? []) {
    const hasBody = status < 300 && status !== 204 && doc?.responseTypes !== undefined;
    responses[String(status)] = {
      description: statusTexts[status] ?? 'see RFC 9110',
      ...(hasBody ? { content: contentOf(doc.responseTypes) } : {}),
    };
  }
  const error =
    route.errorBody === 'text'
      ? { 'text/plain': { schema: { type: 'string' } } }
      : { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  responses['default'] = { description: 'An error', content: error };
  return responses;
}

function contentOf(types: readonly string[]): Record<string, object> {
  return Object.fromEntries(types.map((type) => [type, {}]));
}
