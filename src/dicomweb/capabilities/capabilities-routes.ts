import { coversType, negotiate } from '#src/http/accept.js';
import type { Route } from '#src/http/http-service.js';
import { publicBaseUrl } from '#src/http/public-base-url.js';
import type { RequestContext } from '#src/http/request-context.js';
import { acceptedOf, type DicomwebService } from '../dicomweb-service.js';
import { capabilitiesTree } from './capabilities-tree.js';
import { wadlDocument } from './wadl-document.js';

const wadlType = 'application/vnd.sun.wadl+xml';
const jsonType = 'application/json';

/**
 * Retrieve Capabilities, PS3.18 §8.9, for the service and for each of its resources: `OPTIONS` tells what can be done with it and
 * with all that is below, as WADL or as the same in JSON. Preflight requests of browsers never come here.
 */
export function capabilitiesRoutes(service: DicomwebService, routes: readonly Route[]): Route[] {
  const templates = new Set([service.rootPath, ...routes.map(({ template }) => template)]);
  return [...templates].map((template) => ({
    method: 'OPTIONS',
    template,
    permission: 'read',
    name: 'retrieve-capabilities',
    errorBody: service.dialect.errorBody,
    doc: {
      summary: 'what can be done with the resource and with those below it',
      section: 'PS3.18 §8.9',
      responseTypes: [wadlType, jsonType],
      statuses: [200, 406],
    },
    handler: (context) => answer(service, context, { routes, template }),
  }));
}

interface Described {
  readonly routes: readonly Route[];
  readonly template: string;
}

function answer(
  service: DicomwebService,
  context: RequestContext,
  { routes, template }: Described,
): void {
  const type = negotiate(
    acceptedOf(context),
    (media) => [wadlType, jsonType].find((each) => coversType(media, each)),
    `${wadlType} and ${jsonType}`,
  );
  const host = publicBaseUrl(context.request, service.publicUrl);
  const { rootPath } = service;
  const tree = capabilitiesTree(routes, template);
  const isService = template === rootPath;
  const base = isService ? host : `${host}${rootPath}`;
  const resource = {
    ...tree,
    path: isService ? rootPath.slice(1) : template.slice(rootPath.length + 1),
  };
  const methods = resource.methods.map(({ method }) => method);
  const allow = [...(methods.includes('GET') ? ['HEAD'] : []), ...methods, 'OPTIONS'].join(', ');
  context.respond(
    200,
    [
      ['content-type', type],
      ['allow', allow],
      ['vary', 'Accept'],
    ],
    type === wadlType
      ? wadlDocument(base, resource)
      : JSON.stringify({ application: { resources: { base, resource } } }),
  );
}
