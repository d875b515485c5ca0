import { GantryError } from '#engine/base/error-catalogue.js';
import type { Route } from '#src/http/http-service.js';
import type { RouteDoc } from '#src/http/route-doc.js';
import type { RequestContext } from '#src/http/request-context.js';
import type { AssociationInspector } from './inspector/association-inspector.js';
import type { RemoteAes } from './remote-aes.js';
import type { DimseClient } from './scu/dimse-client.js';

export interface DimseAdministration {
  readonly remoteAes: RemoteAes;
  readonly inspector: AssociationInspector;
  readonly client: DimseClient;
}

/** Longest body of a request to configure something. */
const bodyBytesMax = 64 * 1024;

const collectionPath = '/config/remote-aes';
const itemPath = `${collectionPath}/{aeTitle}`;

/** What administrators see and change of the DIMSE side. */
export function dimseAdminRoutes({ remoteAes, inspector, client }: DimseAdministration): Route[] {
  const route = (
    method: string,
    template: string,
    name: string,
    handler: Route['handler'],
  ): Route => {
    const body = ['application/json'];
    const takesBody = method === 'POST' && template === collectionPath;
    const doc: RouteDoc = {
      summary: name,
      ...(takesBody ? { requestTypes: body } : {}),
      ...(method === 'DELETE'
        ? { statuses: [204, 404] }
        : { responseTypes: body, statuses: [200] }),
    };
    return { method, template, name, doc, permission: 'admin', handler };
  };
  return [
    route('GET', collectionPath, 'list remote AEs', (context) => {
      context.respondJson(200, remoteAes.list());
    }),
    route('POST', collectionPath, 'save remote AE', async (context) => {
      const saved = await remoteAes.save(await readJson(context));
      context.log.info({ aeTitle: saved.aeTitle }, 'remote ae saved');
      context.respondJson(200, saved);
    }),
    route('GET', itemPath, 'get remote AE', (context) => {
      const found = remoteAes.find(titleOf(context));
      if (found === undefined) throw new GantryError('not-found', 'remote AE');
      context.respondJson(200, found);
    }),
    route('DELETE', itemPath, 'remove remote AE', async (context) => {
      const aeTitle = titleOf(context);
      await remoteAes.remove(aeTitle);
      context.log.info({ aeTitle }, 'remote ae removed');
      context.respond(204);
    }),
    route('POST', `${itemPath}/echo`, 'echo remote AE', async (context) => {
      const { status } = await client.echo(titleOf(context));
      context.respondJson(200, { status });
    }),
    route('GET', '/admin/associations', 'inspect associations', (context) => {
      context.respondJson(200, { counts: inspector.counts(), associations: inspector.list() });
    }),
  ];
}

function titleOf(context: RequestContext): string {
  return context.params['aeTitle'] ?? '';
}

/** Only as `application/json`: a page of another origin cannot send that unasked. */
async function readJson(context: RequestContext): Promise<unknown> {
  const type = context.header('content-type')?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    throw new GantryError('unsupported-media-type', 'application/json is expected');
  }
  const body = await context.readBody(bodyBytesMax);
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new GantryError('bad-request', 'the body is not JSON', { cause });
  }
}
