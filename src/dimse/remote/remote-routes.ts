import { z } from 'zod';
import { GantryError } from '#engine/base/error-catalogue.js';
import { aeTitle } from '#src/config/option-types.js';
import { parseCandidate } from '#src/config/parse-candidate.js';
import { readJsonBody } from '#src/http/read-json-body.js';
import type { Route } from '#src/http/http-service.js';
import type { RequestContext } from '#src/http/request-context.js';
import type { DimseClient } from '#src/dimse/scu/dimse-client.js';
import { findAtRemote } from './find-at-remote.js';
import { getFromRemote } from './get-from-remote.js';
import type { RemoteGetDependencies } from './get-from-remote.js';
import { moveFromRemote } from './move-from-remote.js';
import { readRemoteIdentifier } from './remote-identifier.js';
import { sendToRemote } from './send-to-remote.js';
import type { RemoteSendDependencies } from './send-to-remote.js';

export type RemoteDependencies = RemoteSendDependencies &
  RemoteGetDependencies & { readonly client: Pick<DimseClient, 'echo' | 'knows' | 'use'> };

const matchesMax = 10_000;
const partition = z.int().min(0).max(0xffff).default(0);
const identifier = z.unknown();

const findBody = z.strictObject({
  identifier,
  limit: z.int().min(1).max(matchesMax).default(1_000),
});
const moveBody = z.strictObject({ identifier, destination: aeTitle().schema });
const instancesBody = z.strictObject({ identifier, partition });

/**
 * Has the store be the SCU of a remote AE: echo, find, move, get and store. What the peer answered is answered with 200, whatever
 * its status; a client that goes cancels.
 */
export function remoteRoutes(dependencies: RemoteDependencies, itemPath: string): Route[] {
  const { client } = dependencies;
  const route = (
    verb: string,
    summary: string,
    perform: (title: string, context: RequestContext, signal: AbortSignal) => Promise<object>,
  ): Route => ({
    method: 'POST',
    template: `${itemPath}/${verb}`,
    name: `${verb} at remote AE`,
    doc: {
      summary,
      section: verbSections[verb] ?? '',
      ...(verb !== 'echo' && { requestTypes: ['application/json'] }),
      responseTypes: ['application/json'],
      statuses: [200, 404],
    },
    permission: 'admin',
    handler: async (context) => {
      const title = context.params['aeTitle'] ?? '';
      if (!client.knows(title)) throw new GantryError('not-found', 'remote AE');
      const controller = new AbortController();
      context.onAborted(() => controller.abort());
      try {
        context.respondJson(200, await perform(title, context, controller.signal));
      } catch (error) {
        // Of a client that has gone, what was cancelled is nobody's error.
        if (!controller.signal.aborted) throw error;
      }
    },
  });
  return [
    route('echo', 'ask a remote AE whether it is there', async (title) => {
      const { status } = await client.echo(title);
      return { status };
    }),
    route('find', 'ask a remote AE what it has', async (title, context, signal) => {
      const { limit, ...body } = await readBody(context, findBody);
      const query = { ...readRemoteIdentifier(body.identifier, 'find'), limit };
      return findAtRemote(client, title, query, signal);
    }),
    route('move', 'have a remote AE send instances', async (title, context, signal) => {
      const { destination, ...body } = await readBody(context, moveBody);
      const request = { ...readRemoteIdentifier(body.identifier, 'move'), destination };
      return moveFromRemote(client, title, request, signal);
    }),
    route('get', 'get instances from a remote AE', async (title, context, signal) => {
      const body = await readBody(context, instancesBody);
      const request = {
        ...readRemoteIdentifier(body.identifier, 'get'),
        partition: body.partition,
      };
      return getFromRemote(dependencies, title, request, signal);
    }),
    route('store', 'send instances to a remote AE', async (title, context, signal) => {
      const body = await readBody(context, instancesBody);
      const { correlationId } = context;
      const wanted = readRemoteIdentifier(body.identifier, 'move');
      const request = { ...wanted, partition: body.partition, correlationId };
      return sendToRemote(dependencies, title, request, signal);
    }),
  ];
}

const verbSections: Readonly<Record<string, string>> = {
  echo: 'PS3.4 Annex A',
  find: 'PS3.4 C.4.1',
  move: 'PS3.4 C.4.2',
  get: 'PS3.4 C.4.3',
  store: 'PS3.4 B.2',
};

async function readBody<Body>(context: RequestContext, schema: z.ZodType<Body>): Promise<Body> {
  return parseCandidate(schema, await readJsonBody(context));
}
