import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { stow, type JsonDataSet } from '#test/helpers/dicomweb-client.js';
import { fixtureUids, searchFiles } from '#test/helpers/search-fixture.js';
import { startTestServer, type OwnedServer } from '#test/helpers/server.js';

// The requests of viewers and libraries, byte for byte, and what they need of the answers.

const { meyer, yamada } = fixtureUids;

let server: OwnedServer;
let url = '';

before(async () => {
  server = await startTestServer();
  url = server.dicomwebUrl;
  assert.equal((await stow(url, searchFiles())).status, 200);
});
after(() => server.remove());

async function get(
  path: string,
  accept: string,
): Promise<{ rows: JsonDataSet[]; response: Response }> {
  const response = await fetch(`${url}/${path}`, { headers: { accept } });
  const text = await response.text();
  assert.ok(
    response.status === 200 || response.status === 204,
    `${path}: ${response.status} ${text}`,
  );
  return { rows: response.status === 204 ? [] : (JSON.parse(text) as JsonDataSet[]), response };
}

const ohifAccept =
  'application/dicom+json, multipart/related; type="application/octet-stream"; transfer-syntax="*"';

function has(row: JsonDataSet | undefined, tags: readonly string[]): void {
  for (const tag of tags) assert.ok(row?.[tag] !== undefined, tag);
}

test('PS3.18 §10.6 OHIF: study list', async () => {
  const query =
    'PatientName=*mey*&00100020=*P*&AccessionNumber=*1*&StudyDescription=*CT*&ModalitiesInStudy=CT,MR' +
    '&limit=101&offset=0&fuzzymatching=false&includefield=00081030,00080060,00080090,00100030' +
    `&StudyDate=19700102-20991231&StudyInstanceUID=${meyer}%5C${yamada}`;
  const { rows, response } = await get(`studies?${query}`, ohifAccept);
  assert.equal(response.headers.get('content-type'), 'application/dicom+json');
  assert.equal(rows.length, 1);
  has(rows[0], [
    ...['0020000D', '00080020', '00080030', '00080050', '00100010', '00100020', '00080061'],
    ...['00201208', '00201206', '00081030', '00080090', '00100030'],
  ]);
  const open = await get(
    'studies?limit=101&offset=0&fuzzymatching=true&StudyDate=19700102-',
    ohifAccept,
  );
  assert.equal(open.rows.length, 3);
  const older =
    'application/dicom+json, multipart/related; type=application/octet-stream; transfer-syntax=*; transfer-syntax=*';
  assert.equal((await get('studies?limit=101&offset=0', older)).rows.length, 4);
});

test('PS3.18 §10.6 OHIF: series of a study', async () => {
  const query = `includefield=00080021,00080031,0008103E,00200011&SeriesInstanceUID=${meyer}.1`;
  const { rows } = await get(`studies/${meyer}/series?${query}`, ohifAccept);
  assert.equal(rows.length, 1);
  has(rows[0], ['0020000E', '00080060', '00200011', '00201209', '0008103E']);
});

test('PS3.18 §10.6 Weasis: study list with an empty first parameter', async () => {
  const fields =
    '00080020,00080030,00080050,00080061,00080090,00081030,00100010,00100020,00100021,00100030,00100040,0020000D,00200010';
  const { rows, response } = await get(
    `studies?&includefield=${fields}&limit=10&offset=0`,
    'application/dicom+json',
  );
  assert.equal(rows.length, 4);
  assert.equal(response.headers.get('warning'), null);
  has(rows[2], fields.split(','));
});

test('PS3.18 §10.6 Weasis: series, their number of instances, instances by pages, a representative', async () => {
  const accept = 'application/dicom+json';
  const fields = '0008103E,00080060,0020000E,00200011,00081190';
  const series = await get(`studies/${meyer}/series?includefield=${fields}`, accept);
  has(series.rows[0], fields.split(','));
  const count = await get(
    `studies/${meyer}/series?0020000E=${meyer}.1&includefield=00201209`,
    accept,
  );
  assert.deepEqual(
    count.rows.map((row) => row['00201209']?.Value),
    [[2]],
  );
  const instances = `studies/${meyer}/series/${meyer}.1/instances?includefield=00080016,00080018,00200013`;
  const page = await get(`${instances}&offset=0&limit=1000`, accept);
  assert.deepEqual(
    page.rows.map((row) => row['00200013']?.Value),
    [[1], [2]],
  );
  assert.equal((await get(`${instances}&offset=1000&limit=1000`, accept)).response.status, 204);
  const middle = await get(`${instances}&limit=1&offset=1`, accept);
  assert.deepEqual(middle.rows[0]?.['00080018']?.Value, [`${meyer}.1.2`]);
});

test('PS3.18 §10.6 SLIM: PersonName is no attribute of a study and does no harm', async () => {
  const query = 'ModalitiesInStudy=SM&PersonName=*mey*&fuzzymatching=true';
  const { rows, response } = await get(`studies?${query}`, ohifAccept);
  assert.equal(rows.length, 1);
  assert.match(response.headers.get('warning') ?? '', /PersonName was ignored/);
});

test('PS3.18 §10.6 MONAI Label: series without a study', async () => {
  const accept = 'application/dicom+json, application/json';
  const byUid = await get(`series?SeriesInstanceUID=${yamada}.2`, accept);
  has(byUid.rows[0], ['0020000D', '0020000E', '00100020', '00080060']);
  const bySegmentation = await get('series?Modality=SEG', accept);
  assert.deepEqual(
    bySegmentation.rows.map((row) => row['0020000E']?.Value?.[0]),
    [`${meyer}.2`],
  );
});

test('PS3.18 §10.6 dicomweb-client for Python: pages by offset until one is empty', async () => {
  const accept = 'application/dicom+json, application/json';
  const seen: unknown[] = [];
  for (;;) {
    const { rows } = await get(
      `instances?fuzzymatching=false&limit=3&offset=${seen.length}`,
      accept,
    );
    if (rows.length === 0) break;
    seen.push(...rows.map((row) => row['00080018']?.Value?.[0]));
  }
  assert.equal(new Set(seen).size, 8);
  const fields = await get(
    'studies?includefield=StudyDescription&includefield=PatientSize',
    accept,
  );
  assert.equal(fields.rows.length, 4);
});

test('PS3.18 §10.6 DICOM JSON: person names have groups that are there, empty elements have no Value', async () => {
  const { rows } = await get('studies', 'application/dicom+json');
  const byUid = new Map(rows.map((row) => [row['0020000D']?.Value?.[0], row]));
  assert.deepEqual(byUid.get(yamada)?.['00100010'], {
    vr: 'PN',
    Value: [{ Alphabetic: 'Yamada^Tarou', Ideographic: '山田^太郎', Phonetic: 'やまだ^たろう' }],
  });
  assert.deepEqual(byUid.get(meyer)?.['00100010']?.Value, [
    { Alphabetic: 'Meyér^Jürgen', Ideographic: '迈尔^于尔根' },
  ]);
  assert.deepEqual(byUid.get(fixtureUids.unnamed)?.['00080050'], { vr: 'SH' });
  assert.deepEqual(byUid.get(meyer)?.['00080005']?.Value, ['ISO_IR 192']);
});
