import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { stow, type JsonDataSet } from '#test/helpers/dicomweb-client.js';
import { fixtureUids, searchFiles } from '#test/helpers/search-fixture.js';
import { startTestServer, type OwnedServer } from '#test/helpers/server.js';

const { meyer, yamada, meyerAgain } = fixtureUids;

let server: OwnedServer;
let url = '';

before(async () => {
  server = await startTestServer();
  url = `${server.httpUrl}/v2`;
  assert.equal((await stow(server.dicomwebUrl, searchFiles())).status, 200);
});
after(() => server.remove());

async function search(
  path: string,
): Promise<{ status: number; rows: JsonDataSet[]; text: string }> {
  const response = await fetch(`${url}/${path}`, { headers: { accept: 'application/dicom+json' } });
  const text = await response.text();
  const rows = response.status === 200 ? (JSON.parse(text) as JsonDataSet[]) : [];
  return { status: response.status, rows, text };
}

async function studies(query: string): Promise<unknown[]> {
  const { rows, status, text } = await search(`studies?${query}`);
  assert.ok(status === 200 || status === 204, text);
  return rows.map((row) => row['0020000D']?.Value?.[0]);
}

describe('PS3.18 §10.6, Azure dialect: search', () => {
  test('an attribute that is not supported is 400, as plain text', async () => {
    for (const name of ['StudyID', '00200010', 'Rubbish', 'TimezoneOffsetFromUTC', 'modality']) {
      const { status, text } = await search(`studies?${name}=1`);
      assert.equal(status, 400, name);
      assert.ok(!text.startsWith('{'), text);
    }
  });

  test('no match is 204', async () => {
    assert.equal((await search('studies?PatientID=none')).status, 204);
    assert.equal((await search('studies/1.2.3/series')).status, 204);
  });

  test('each of the six routes has rows of its level', async () => {
    const levels = [
      ['studies', 4, '0020000D'],
      ['series', 6, '0020000E'],
      ['instances', 8, '00080018'],
      [`studies/${meyer}/series`, 2, '0020000E'],
      [`studies/${meyer}/instances`, 3, '00080018'],
      [`studies/${meyer}/series/${meyer}.1/instances`, 2, '00080018'],
    ] as const;
    for (const [path, count, tag] of levels) {
      const { rows } = await search(path);
      assert.equal(rows.length, count, path);
      assert.equal(new Set(rows.map((row) => row[tag]?.Value?.[0])).size, count, path);
    }
  });

  test('computed columns come on request', async () => {
    const query = `StudyInstanceUID=${meyer}`;
    const [plain] = (await search(`studies?${query}`)).rows;
    assert.ok(plain?.['00201208'] === undefined && plain?.['00080061'] === undefined);
    const fields = 'NumberOfStudyRelatedInstances,ModalitiesInStudy';
    const [study] = (await search(`studies?${query}&includefield=${fields}`)).rows;
    assert.deepEqual(study?.['00201208']?.Value, [3]);
    assert.deepEqual(study?.['00080061']?.Value, ['CT', 'SEG']);
    const path = `studies/${meyer}/series?includefield=NumberOfSeriesRelatedInstances`;
    assert.deepEqual((await search(path)).rows[0]?.['00201209']?.Value, [2]);
    const [byModality] = (await search('studies?ModalitiesInStudy=SEG')).rows;
    assert.deepEqual(byModality?.['00080061']?.Value, ['CT', 'SEG'], 'what is matched is returned');
  });

  test('names match without case and accent, other text without case but with accents', async () => {
    assert.deepEqual(await studies('PatientName=MEYER%5EJURGEN'), [meyerAgain, meyer]);
    assert.deepEqual(await studies('AccessionNumber=a100'), [meyerAgain, meyer]);
    assert.deepEqual(await studies('StudyDescription=ct%20of%20the%20head'), [meyer]);
    assert.deepEqual(await studies('StudyDescription=ct%20of%20the%20h%C3%A9ad'), []);
    assert.deepEqual(await studies('AccessionNumber=A*'), [], 'a wildcard is a character');
  });

  test('fuzzy: every term begins a word of the name, in both name attributes', async () => {
    const fuzzy = (query: string): Promise<unknown[]> => studies(`${query}&fuzzymatching=true`);
    assert.deepEqual(await fuzzy('PatientName=jur%20mey'), [meyerAgain, meyer]);
    assert.deepEqual(await fuzzy('PatientName=yam'), [yamada]);
    assert.deepEqual(await fuzzy('PatientName=amada'), []);
    assert.deepEqual(await fuzzy('ReferringPhysicianName=ali%20d'), [meyer]);
    assert.deepEqual(await studies('PatientName=yam&fuzzymatching=false'), []);
    assert.equal((await search('studies?PatientName=a%22b&fuzzymatching=true')).status, 400);
  });

  test('the literal study list query of OHIF is 200', async () => {
    const query =
      'PatientName=*m*&00100020=*P*&AccessionNumber=*a*&StudyDescription=*c*&ModalitiesInStudy=CT,MR' +
      '&limit=101&offset=0&fuzzymatching=true&includefield=00081030,00080060,00080090,00100030' +
      `&StudyDate=19700102-20991231&StudyInstanceUID=${meyer}%5C${yamada}`;
    const { status } = await search(`studies?${query}`);
    assert.ok(status === 200 || status === 204);
    const list = '&limit=101&offset=0&fuzzymatching=false&includefield=00081030%2C00080060';
    assert.equal((await search(`studies?${list}`)).rows.length, 4);
  });

  test('attributes are matched on their routes only, and never those of the path', async () => {
    for (const path of [
      `studies/${meyer}/series?PatientName=A`,
      `studies/${meyer}/series?StudyInstanceUID=${meyer}`,
      `studies/${meyer}/series/${meyer}.1/instances?Modality=CT`,
      'studies?Modality=CT',
      'series?SOPInstanceUID=1.2',
    ]) {
      assert.equal((await search(path)).status, 400, path);
    }
    assert.equal((await search(`studies/${meyer}/instances?Modality=SEG`)).rows.length, 1);
    assert.equal((await search('instances?PatientID=p2&Modality=CT')).rows.length, 2);
  });

  test('limits, ranges and fields that are refused', async () => {
    for (const query of [
      ...['limit=0', 'limit=201', 'limit=x', 'offset=-1', 'PatientID=', 'StudyDate=-'],
      ...['StudyDate=20240102-20240101', 'StudyDate=2024', 'fuzzymatching=x'],
      ...['includefield=all,PatientName', 'includefield=all&includefield=00100010'],
      ...['PatientID=a&00100020=a', 'includefield=Rubbish', 'Limit=1', 'StudyInstanceUID=abc.123'],
    ]) {
      assert.equal((await search(`studies?${query}`)).status, 400, query);
    }
    assert.equal((await search('studies?limit=2')).rows.length, 2);
    assert.deepEqual(await studies('StudyDate=20240101-20240102'), [yamada, meyer]);
  });

  test('rows without includefield, and with all', async () => {
    const [plain] = (await search(`studies?StudyInstanceUID=${meyer}`)).rows;
    assert.deepEqual(Object.keys(plain!), [
      ...['00080020', '00080050', '00080090', '00081030', '00100010', '00100020', '00100030'],
      '0020000D',
    ]);
    const [all] = (await search(`studies?StudyInstanceUID=${meyer}&includefield=all`)).rows;
    for (const tag of ['00080005', '00080030', '00081032', '00100040', '00200010']) {
      assert.ok(all?.[tag] !== undefined, tag);
    }
    const [series] = (await search(`studies/${meyer}/series`)).rows;
    assert.deepEqual(Object.keys(series!), [
      ...['00080060', '00081090', '0020000D', '0020000E', '00400244'],
    ]);
    const [instance] = (await search(`studies/${meyer}/series/${meyer}.1/instances`)).rows;
    assert.deepEqual(Object.keys(instance!), ['00080018', '0020000D', '0020000E']);
    const [related] = (await search('series?Modality=SEG')).rows;
    assert.ok(related?.['00100010'] !== undefined, 'relational rows have the study attributes');
  });

  test('search results are DICOM JSON alone', async () => {
    const headers = { accept: 'multipart/related; type="application/dicom+xml"' };
    const response = await fetch(`${url}/studies`, { headers });
    await response.arrayBuffer();
    assert.equal(response.status, 406);
  });
});
