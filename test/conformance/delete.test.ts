import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptStoredInstances, qido, retrieve, stow } from '#test/helpers/dicomweb-client.js';
import { buildCtInstance } from '#test/helpers/instance-builder.js';
import { withServer } from '#test/helpers/server.js';

// The standard has no Delete transaction; these are the statuses that the common servers agree on.

async function status(url: string, method = 'GET'): Promise<number> {
  const response = await fetch(url, { method, headers: { accept: acceptStoredInstances } });
  const body = await response.arrayBuffer();
  if (response.status === 204) assert.equal(body.byteLength, 0);
  return response.status;
}

test('Delete: each level goes with its parents, is not found after, and can be stored again, in both dialects', async () => {
  await withServer(async ({ httpUrl }) => {
    await checkLevels(`${httpUrl}/dicom-web`, '77', 410);
    await checkLevels(`${httpUrl}/v2`, '76', 404);
  });
});

/** `gone` is the status of a retrieve of what was deleted. */
async function checkLevels(root: string, seed: string, gone: number): Promise<void> {
  const instances = [1, 2, 3].map((number) => buildCtInstance(seed, number));
  const { studyInstanceUid: study, seriesInstanceUid: series } = instances[0]!;
  const studyUrl = `${root}/studies/${study}`;
  const seriesUrl = `${studyUrl}/series/${series}`;
  const instanceUrl = `${seriesUrl}/instances/${instances[0]!.sopInstanceUid}`;
  const files = instances.map(({ part10 }) => part10);
  const countOf = async (path: string): Promise<number> => (await qido(root, path)).length;
  assert.equal((await stow(root, files)).status, 200);
  const etag = (await fetch(`${studyUrl}/metadata`)).headers.get('etag')!;

  assert.equal(await status(instanceUrl, 'DELETE'), 204);
  assert.equal(await status(instanceUrl, 'DELETE'), 404);
  assert.equal(await status(instanceUrl), gone);
  assert.equal(await countOf(`studies/${study}/instances`), 2);
  assert.equal(await countOf('instances?Modality=CT'), 2);
  const [row] = await qido(root, 'studies?StudyDate=20240131&includefield=00201208');
  assert.deepEqual(row?.['00201208']?.Value, [2]);
  const again = await fetch(`${studyUrl}/metadata`, { headers: { 'if-none-match': etag } });
  assert.equal(again.status, 200);
  assert.equal(((await again.json()) as unknown[]).length, 2);

  assert.equal(await status(seriesUrl, 'DELETE'), 204);
  for (const url of [seriesUrl, studyUrl]) {
    assert.equal(await status(url), gone);
  }
  assert.equal(await status(seriesUrl, 'DELETE'), 404);
  assert.equal(await countOf('studies?StudyDate=20240131'), 0);

  assert.equal((await stow(root, files)).status, 200);
  assert.equal(await countOf('studies?StudyDate=20240131'), 1);
  assert.equal(await countOf('instances?Modality=CT'), 3);
  assert.equal(await status(instanceUrl), 200);
  assert.equal(await status(studyUrl, 'DELETE'), 204);
  assert.equal(await status(studyUrl, 'DELETE'), 404);
  assert.equal(await countOf('instances?Modality=CT'), 0);
}

test('Delete: a name that cannot be a UID is refused', async () => {
  await withServer(async ({ httpUrl }) => {
    for (const root of [`${httpUrl}/dicom-web`, `${httpUrl}/v2`]) {
      assert.equal(await status(`${root}/studies/1.2.x`, 'DELETE'), 400);
      assert.equal(await status(`${root}/studies/1.2.3/series/_`, 'DELETE'), 400);
    }
  });
});

test('Delete: a deletion can be taken back while its window lasts, at each level', async () => {
  await withServer(async ({ dicomwebUrl, httpUrl }) => {
    const instances = [1, 2, 3].map((number) => buildCtInstance('78', number));
    const { studyInstanceUid: study, seriesInstanceUid: series } = instances[0]!;
    const studyUrl = `${dicomwebUrl}/studies/${study}`;
    const seriesUrl = `${studyUrl}/series/${series}`;
    const instanceUrl = `${seriesUrl}/instances/${instances[0]!.sopInstanceUid}`;
    const count = async (): Promise<number> =>
      (await qido(dicomwebUrl, `instances?PatientID=${instances[0]!.patientId}`)).length;
    assert.equal(await status(`${studyUrl}/undelete`, 'POST'), 404);
    assert.equal(
      (
        await stow(
          dicomwebUrl,
          instances.map(({ part10 }) => part10),
        )
      ).status,
      200,
    );
    for (const url of [instanceUrl, seriesUrl, studyUrl]) {
      assert.equal(await status(url, 'DELETE'), 204);
      assert.equal(await status(url), 410);
      // Clients of Azure know no 410.
      assert.equal(await status(url.replace(dicomwebUrl, `${httpUrl}/v2`)), 404);
      const response = await fetch(`${url}/undelete`, { method: 'POST' });
      assert.equal(response.status, 200);
      assert.deepEqual(await response.json(), { instances: url === instanceUrl ? 1 : 3 });
      assert.equal(await status(url), 200);
      assert.equal(await count(), 3);
      const [row] = await qido(dicomwebUrl, `studies?StudyInstanceUID=${study}&includefield=all`);
      assert.deepEqual(row!['00201208']!.Value, [3]);
      assert.deepEqual(row!['00201206']!.Value, [1]);
      assert.deepEqual(row!['00080061']!.Value, ['CT']);
    }
    const [part] = await retrieve(
      dicomwebUrl,
      instanceUrl.slice(dicomwebUrl.length + 1),
      acceptStoredInstances,
    );
    assert.deepEqual(part!.body, instances[0]!.part10);
  });
});

test('Delete: what was stored anew since the deletion stays as it is', async () => {
  await withServer(async ({ dicomwebUrl }) => {
    const instance = buildCtInstance('79', 1);
    const other = Buffer.from(instance.part10);
    other[other.length - 1]! ^= 1;
    const url = `${dicomwebUrl}/studies/${instance.studyInstanceUid}`;
    assert.equal((await stow(dicomwebUrl, [instance.part10])).status, 200);
    assert.equal(await status(url, 'DELETE'), 204);
    assert.equal((await stow(dicomwebUrl, [other])).status, 200);
    assert.equal(await status(`${url}/undelete`, 'POST'), 404);
    const [part] = await retrieve(
      dicomwebUrl,
      url.slice(dicomwebUrl.length + 1),
      acceptStoredInstances,
    );
    assert.deepEqual(part!.body, other);
  });
});
