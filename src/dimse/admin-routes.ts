import { GantryError } from '#engine/base/error-catalogue.js';
import type { LocalAe, RemoteAe } from '#src/config/option-types.js';
import type { Route } from '#src/http/http-service.js';
import { readJsonBody } from '#src/http/read-json-body.js';
import type { RouteDoc } from '#src/http/route-doc.js';
import type { RequestContext } from '#src/http/request-context.js';
import type { AccessSettings } from './access-settings.js';
import type { AeDirectory } from './ae-directory.js';
import type { AssociationInspector } from './inspector/association-inspector.js';
import { remoteRoutes } from './remote/remote-routes.js';
import type { RemoteDependencies } from './remote/remote-routes.js';

export interface DimseAdministration {
  readonly remoteAes: AeDirectory<RemoteAe>;
  readonly localAes: AeDirectory<LocalAe>;
  readonly access: AccessSettings;
  readonly inspector: AssociationInspector;
  readonly remote: RemoteDependencies;
}

const json = ['application/json'];

/** What administrators see and change of the DIMSE side, and what they can have it do. */
export function dimseAdminRoutes(administration: DimseAdministration): Route[] {
  const { remoteAes, localAes, access, inspector, remote } = administration;
  const accessPath = '/config/dimse-access';
  return [
    ...directoryRoutes('/config/remote-aes', 'remote AE', remoteAes),
    ...remoteRoutes(remote, '/config/remote-aes/{aeTitle}'),
    ...directoryRoutes('/config/local-aes', 'local AE', localAes),
    adminRoute('GET', accessPath, 'show how strict DIMSE is', (context) => {
      context.respondJson(200, access.values);
    }),
    adminRoute('POST', accessPath, 'set how strict DIMSE is', async (context) => {
      const values = await access.save(await readJsonBody(context));
      context.log.info(values, 'dimse access set');
      context.respondJson(200, values);
    }),
    adminRoute('DELETE', accessPath, 'let DIMSE be as strict as configured', async (context) => {
      await access.reset();
      context.log.info({}, 'dimse access reset');
      context.respond(204);
    }),
    adminRoute('GET', '/admin/associations', 'inspect associations', (context) => {
      context.respondJson(200, { counts: inspector.counts(), associations: inspector.list() });
    }),
  ];
}

/** List, save, get and remove of one kind of application entity. */
function directoryRoutes<Ae extends { readonly aeTitle: string }>(
  collectionPath: string,
  what: string,
  directory: AeDirectory<Ae>,
): Route[] {
  const itemPath = `${collectionPath}/{aeTitle}`;
  return [
    adminRoute('GET', collectionPath, `list ${what}s`, (context) => {
      context.respondJson(200, directory.list());
    }),
    adminRoute('POST', collectionPath, `save ${what}`, async (context) => {
      const saved = await directory.save(await readJsonBody(context));
      context.log.info({ aeTitle: saved.aeTitle }, `${what} saved`);
      context.respondJson(200, saved);
    }),
    adminRoute('GET', itemPath, `get ${what}`, (context) => {
      const found = directory.find(titleOf(context));
      if (found === undefined) throw new GantryError('not-found', what);
      context.respondJson(200, found);
    }),
    adminRoute('DELETE', itemPath, `remove ${what}`, async (context) => {
      const aeTitle = titleOf(context);
      await directory.remove(aeTitle);
      context.log.info({ aeTitle }, `${what} removed`);
      context.respond(204);
    }),
  ];
}

function adminRoute(
  method: string,
  template: string,
  name: string,
  handler: Route['handler'],
): Route {
  const doc: RouteDoc = {
    summary: name,
    ...(method === 'POST' ? { requestTypes: json } : {}),
    ...(method === 'DELETE' ? { statuses: [204, 404] } : { responseTypes: json, statuses: [200] }),
  };
  return { method, template, name, doc, permission: 'admin', handler };
}

function titleOf(context: RequestContext): string {
  return context.params['aeTitle'] ?? '';
}
