import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { acceptStoredInstances, retrieve } from '#test/helpers/dicomweb-client.js';
import { FetchingXmlHttpRequest } from '#test/helpers/fetching-xml-http-request.js';
import { buildRetrieveFixture, syntaxes } from '#test/helpers/retrieve-fixtures.js';
import { withServer } from '#test/helpers/server.js';

/** What is used here of the package. */
interface StoreClient {
  storeInstances(options: object): Promise<unknown>;
}

const { api } = createRequire(import.meta.url)('dicomweb-client') as {
  api: { DICOMwebClient: new (options: object) => StoreClient };
};

/** A buffer of its own: the client takes whole ArrayBuffers. */
function arrayBufferOf({ buffer, byteOffset, length }: Buffer): ArrayBuffer {
  return (buffer as ArrayBuffer).slice(byteOffset, byteOffset + length);
}

test('dicomweb-client of npm stores in both dialects', async () => {
  Object.assign(globalThis, { XMLHttpRequest: FetchingXmlHttpRequest });
  await withServer(async ({ httpUrl, dicomwebUrl }) => {
    for (const [index, url] of [dicomwebUrl, `${httpUrl}/v2`].entries()) {
      const client = new api.DICOMwebClient({ url });
      const fixtures = await Promise.all(
        [syntaxes.explicitVr, syntaxes.jpegLs, syntaxes.unknown].map((transferSyntaxUid, number) =>
          buildRetrieveFixture({ seed: `7${index}`, number: number + 1, transferSyntaxUid }),
        ),
      );
      const datasets = fixtures.map(({ part10 }) => arrayBufferOf(part10));
      const [first, ...others] = datasets;
      await client.storeInstances({ datasets: [first] });
      await client.storeInstances({ datasets: others, studyInstanceUID: fixtures[0]!.study });
      for (const { path, part10 } of fixtures) {
        const [stored] = await retrieve(url, path, acceptStoredInstances);
        assert.deepEqual(stored?.body, part10);
      }
      const elsewhere = { datasets: [first], studyInstanceUID: '1.2.3' };
      await assert.rejects(client.storeInstances(elsewhere), { status: 409 });
    }
  });
});
