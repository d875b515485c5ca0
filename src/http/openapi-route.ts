import type { Route } from './http-service.js';
import { openapiDocument, type OpenapiInfo } from './openapi-document.js';

/** `GET /openapi.json`: the routes given, and itself, as an OpenAPI 3.1 document. */
export function openapiRoute(routes: readonly Route[], info: OpenapiInfo): Route {
  let document: string | undefined;
  const route: Route = {
    method: 'GET',
    template: '/openapi.json',
    permission: 'probe',
    name: 'openapi.json',
    doc: {
      summary: 'this document',
      responseTypes: ['application/json'],
      statuses: [200],
    },
    handler: (context) => {
      document ??= JSON.stringify(openapiDocument([...routes, route], info));
      context.respond(200, [['content-type', 'application/json']], document);
    },
  };
  return route;
}
