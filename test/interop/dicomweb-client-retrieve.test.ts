import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { stow, type JsonDataSet } from '#test/helpers/dicomweb-client.js';
import { FetchingXmlHttpRequest } from '#test/helpers/fetching-xml-http-request.js';
import { buildRetrieveFixture, syntaxes } from '#test/helpers/retrieve-fixtures.js';
import { withServer } from '#test/helpers/server.js';

/** What is used here of the package. */
interface RetrieveClient {
  retrieveStudyMetadata(options: object): Promise<readonly JsonDataSet[]>;
  retrieveInstance(options: object): Promise<ArrayBuffer>;
  retrieveSeries(options: object): Promise<readonly ArrayBuffer[]>;
  retrieveInstanceFrames(options: object): Promise<readonly ArrayBuffer[]>;
  retrieveBulkData(options: object): Promise<readonly ArrayBuffer[]>;
}

const { api } = createRequire(import.meta.url)('dicomweb-client') as {
  api: { DICOMwebClient: new (options: object) => RetrieveClient };
};

const native = await buildRetrieveFixture({ seed: '98', frameCount: 3 });
const jpegLs = await buildRetrieveFixture({
  seed: '99',
  frameCount: 3,
  transferSyntaxUid: syntaxes.jpegLs,
});

function buffers(parts: readonly ArrayBuffer[]): Buffer[] {
  return parts.map((part) => Buffer.from(part));
}

test('dicomweb-client of npm retrieves in both dialects', async () => {
  Object.assign(globalThis, { XMLHttpRequest: FetchingXmlHttpRequest });
  await withServer(async ({ httpUrl, dicomwebUrl }) => {
    assert.equal((await stow(dicomwebUrl, [native.part10, jpegLs.part10])).status, 200);
    for (const url of [dicomwebUrl, `${httpUrl}/v2`]) {
      const client = new api.DICOMwebClient({ url, singlepart: false });
      const uids = (fixture: typeof native): object => ({
        studyInstanceUID: fixture.study,
        seriesInstanceUID: fixture.series,
        sopInstanceUID: fixture.instance,
      });
      const [metadata] = await client.retrieveStudyMetadata(uids(native));
      assert.deepEqual(metadata?.['00280008']?.Value, [3]);

      const instance = await client.retrieveInstance(uids(native));
      assert.deepEqual(Buffer.from(instance), native.part10);
      const series = await client.retrieveSeries(uids(native));
      assert.deepEqual(buffers(series), [native.part10]);

      // Without a transfer syntax the client takes pixels; with one it takes what is stored.
      const frameNumbers = [1, 2, 3];
      const decoded = await client.retrieveInstanceFrames({ ...uids(jpegLs), frameNumbers });
      assert.deepEqual(buffers(decoded), jpegLs.native);
      const stored = await client.retrieveInstanceFrames({
        ...uids(jpegLs),
        frameNumbers,
        mediaTypes: [{ mediaType: 'image/jls', transferSyntaxUID: syntaxes.jpegLs }],
      });
      assert.deepEqual(buffers(stored), jpegLs.stored);
    }
    const client = new api.DICOMwebClient({ url: dicomwebUrl });
    const BulkDataURI = `${dicomwebUrl}/${native.path}/bulkdata/7FE00010`;
    const bulk = await client.retrieveBulkData({ BulkDataURI });
    assert.deepEqual(buffers(bulk), [Buffer.concat(native.native)]);
  });
});
