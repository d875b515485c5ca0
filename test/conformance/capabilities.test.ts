import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { startTestServer, type OwnedServer } from '#test/helpers/server.js';

let server: OwnedServer;
before(async () => void (server = await startTestServer()));
after(() => server.remove());

const wadlType = 'application/vnd.sun.wadl+xml';

interface Resource {
  readonly path: string;
  readonly methods: readonly {
    readonly method: string;
    readonly name: string;
    readonly doc: { readonly parameters?: readonly { readonly name: string }[] };
  }[];
  readonly resources: readonly Resource[];
}

async function options(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${server.httpUrl}${path}`, { method: 'OPTIONS', headers });
}

async function describeResource(path: string): Promise<Resource> {
  const response = await options(path, { accept: 'application/json' });
  assert.equal(response.status, 200, path);
  const text = await response.text();
  return (JSON.parse(text) as { application: { resources: { resource: Resource } } }).application
    .resources.resource;
}

/** Throws unless every element is closed in its turn. */
function requireWellFormed(xml: string): void {
  const open: string[] = [];
  for (const [, slash, name, self] of xml.matchAll(/<(\/?)([\w:]+)(?:\s[^<>]*?)?(\/?)>/g)) {
    if (slash === '/') assert.equal(open.pop(), name);
    else if (self !== '/') open.push(name!);
  }
  assert.deepEqual(open, []);
}

describe('PS3.18 §8.9 Retrieve Capabilities', () => {
  test('Annex H: one application, its base URL, the resource asked for and all below', async () => {
    const response = await options('/dicom-web/', { accept: wadlType });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), wadlType);
    const xml = await response.text();
    requireWellFormed(xml);
    assert.equal(xml.match(/<application /g)?.length, 1);
    assert.ok(xml.includes(`<resources base="${server.httpUrl}"><resource path="dicom-web">`));
    for (const id of ['search-studies', 'store', 'retrieve-study', 'retrieve-frames']) {
      assert.ok(xml.includes(`id="${id}"`), id);
    }
    assert.ok(xml.includes('<param name="fuzzymatching" style="query" type="xs:boolean">'));
  });

  test('Table H-1: the tree follows the resources', async () => {
    const studies = await describeResource('/dicom-web/studies');
    assert.equal(studies.path, 'studies');
    const names = studies.methods.map(({ method, name }) => `${method} ${name}`);
    assert.ok(names.includes('GET search-studies') && names.includes('POST store'));
    const study = studies.resources.find(({ path }) => path === '{study}')!;
    const series = study.resources.find(({ path }) => path === 'series')!;
    assert.ok(series.methods.some(({ name }) => name === 'search-study-series'));
    const one = await describeResource('/dicom-web/studies/1.2.3/series/1.2.4/instances/1.2.5');
    assert.ok(one.methods.some(({ name }) => name === 'retrieve-instance'));
    assert.ok(one.resources.some(({ path }) => path === 'frames'));
  });

  test('a search names the attributes that it matches, which are fewer in the Azure dialect', async () => {
    const namesAt = async (path: string): Promise<string[]> => {
      const { methods } = await describeResource(path);
      const search = methods.find(({ name }) => name.startsWith('search-'));
      return (search?.doc.parameters ?? []).map(({ name }) => name);
    };
    const standard = await namesAt('/dicom-web/studies/1.2.3/series');
    const azure = await namesAt('/v2/studies/1.2.3/series');
    assert.ok(standard.includes('PatientName'));
    assert.ok(standard.includes('RequestAttributesSequence.ScheduledProcedureStepID'));
    assert.ok(azure.includes('Modality') && !azure.includes('PatientName'));
  });

  test('Allow names the methods; other types are 406; a preflight is still a preflight', async () => {
    const response = await options('/dicom-web/studies');
    assert.equal(response.headers.get('content-type'), wadlType);
    const allow = response.headers.get('allow')?.split(', ') ?? [];
    for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS']) assert.ok(allow.includes(method));
    await response.text();
    assert.equal((await options('/dicom-web/studies', { accept: 'text/html' })).status, 406);
    const preflight = await options('/dicom-web/studies', {
      'access-control-request-method': 'GET',
      origin: 'https://viewer.example',
    });
    assert.equal(preflight.status, 204);
    assert.ok(preflight.headers.get('access-control-allow-methods')?.includes('GET'));
  });
});

describe('PS3.18 §8.9: OpenAPI 3.1', () => {
  interface Operation {
    readonly operationId: string;
    readonly summary?: string;
    readonly 'x-permission': string;
    readonly responses: Readonly<Record<string, object>>;
  }
  type Document = {
    readonly openapi: string;
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  };

  test('the document is valid, and describes every route', async () => {
    const response = await fetch(`${server.httpUrl}/openapi.json`);
    assert.equal(response.headers.get('content-type'), 'application/json');
    const document = (await response.json()) as Document;
    const result = await new Validator().validate(structuredClone(document));
    assert.deepEqual(result.errors ?? [], []);
    assert.equal(document.openapi, '3.1.0');
    const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
    const ids = operations.map(({ operationId }) => operationId);
    assert.equal(new Set(ids).size, ids.length);
    const undescribed = operations.filter(({ summary }) => summary === undefined);
    assert.deepEqual(
      undescribed.map(({ operationId }) => operationId),
      [],
      'a route without a row in src/dicomweb/route-docs.ts',
    );
    const search = document.paths['/v2/studies']!['get']!;
    assert.ok('text/plain' in (search.responses['default'] as { content: object }).content);
    assert.equal(document.paths['/dicom-web/studies']!['post']!['x-permission'], 'write');
  });
});
