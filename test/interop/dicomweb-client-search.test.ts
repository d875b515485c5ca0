import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { stow, type JsonDataSet } from '#test/helpers/dicomweb-client.js';
import { FetchingXmlHttpRequest } from '#test/helpers/fetching-xml-http-request.js';
import { fixtureUids, searchFiles } from '#test/helpers/search-fixture.js';
import { withServer } from '#test/helpers/server.js';

/** What is used here of the package; its own types promise less than promises. */
interface SearchClient {
  searchForStudies(options?: object): Promise<readonly JsonDataSet[]>;
  searchForSeries(options?: object): Promise<readonly JsonDataSet[]>;
  searchForInstances(options?: object): Promise<readonly JsonDataSet[]>;
}

const { api } = createRequire(import.meta.url)('dicomweb-client') as {
  api: { DICOMwebClient: new (options: object) => SearchClient };
};

// What OHIF sets on the client: browsers join it to the Accept header that the client sets itself.
const ohifHeaders = {
  Accept: 'multipart/related; type="application/octet-stream"; transfer-syntax="*"',
};

const { meyer, yamada } = fixtureUids;

test('dicomweb-client of npm searches in both dialects', async () => {
  Object.assign(globalThis, { XMLHttpRequest: FetchingXmlHttpRequest });
  await withServer(async ({ httpUrl, dicomwebUrl }) => {
    assert.equal((await stow(dicomwebUrl, searchFiles())).status, 200);
    for (const url of [dicomwebUrl, `${httpUrl}/v2`]) {
      const client = new api.DICOMwebClient({ url, headers: ohifHeaders });
      const studies = await client.searchForStudies({
        queryParams: {
          ...{ ModalitiesInStudy: 'CT', limit: 101, offset: 0, fuzzymatching: 'false' },
          ...{ includefield: '00081030,00080060', StudyInstanceUID: `${meyer}\\${yamada}` },
        },
      });
      assert.deepEqual(
        studies.map((row) => row['0020000D']?.Value?.[0]),
        [yamada, meyer],
      );
      const series = await client.searchForSeries({ studyInstanceUID: meyer });
      assert.equal(series.length, 2);
      const relational = await client.searchForSeries({ queryParams: { Modality: 'SEG' } });
      assert.equal(relational.length, 1);
      const instances = await client.searchForInstances({
        studyInstanceUID: meyer,
        seriesInstanceUID: `${meyer}.1`,
      });
      assert.equal(instances.length, 2);
      const none = await client.searchForStudies({ queryParams: { PatientID: 'none' } });
      assert.deepEqual(none, []);
      const refused = client.searchForStudies({ queryParams: { limit: -1 } });
      await assert.rejects(refused, { status: 400 });
    }
  });
});
