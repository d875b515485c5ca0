import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { qido, stow, type JsonDataSet } from '#test/helpers/dicomweb-client.js';
import { buildPart10, sampleIdentifiers } from '#test/helpers/dicom-builder.js';
import { startTestServer, type OwnedServer } from '#test/helpers/server.js';

let server: OwnedServer;
before(async () => void (server = await startTestServer()));
after(() => server.remove());

const root = '1.2.826.0.1.6';

/** An instance of a study of its own; dates repeat, so that ties are broken. */
function studyFile(prefix: string, number: number): Uint8Array {
  const study = `${root}.${prefix}.${number}`;
  const uids = { study, series: `${study}.1`, instance: `${study}.1.1` };
  return buildPart10({
    elements: {
      ...sampleIdentifiers(uids),
      PatientID: `${prefix}-${number % 7}`,
      PatientName: `Name${number % 5}^X`,
      StudyDate: `202401${String(1 + (number % 9)).padStart(2, '0')}`,
      Modality: 'CT',
      SeriesNumber: 1,
      InstanceNumber: 1,
    },
  });
}

const filesOf = (prefix: string, from: number, to: number): Uint8Array[] =>
  Array.from({ length: to - from }, (_, n) => studyFile(prefix, from + n));

const uidOf = (row: JsonDataSet): string => String(row['0020000D']?.Value?.[0]);

interface Page {
  readonly rows: readonly JsonDataSet[];
  readonly next: string | undefined;
  readonly warning: string | null;
}

async function fetchPage(url: string): Promise<Page> {
  const response = await fetch(url, { headers: { accept: 'application/dicom+json' } });
  assert.ok(response.status === 200 || response.status === 204, String(response.status));
  const rows = response.status === 204 ? [] : ((await response.json()) as JsonDataSet[]);
  const next = /^<([^>]*)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1];
  return { rows, next, warning: response.headers.get('warning') };
}

test('PS3.18 §8.3.4.4: pages that follow the link hold what was stored before once, while studies come and go', async () => {
  const { dicomwebUrl } = server;
  assert.equal((await stow(dicomwebUrl, filesOf('1', 0, 50))).status, 200);
  for (const [prefix, query] of [
    ['2', 'limit=16&includefield=PatientSex'],
    ['3', 'limit=16&orderby=PatientName'],
  ] as const) {
    let isPaging = true;
    const ingest = (async () => {
      for (let number = 0; isPaging; number += 2) {
        await stow(dicomwebUrl, filesOf(prefix, number, number + 2));
        await fetch(`${dicomwebUrl}/studies/${root}.${prefix}.${number}`, { method: 'DELETE' });
      }
    })();
    const seen: string[] = [];
    let page = await fetchPage(`${dicomwebUrl}/studies?${query}`);
    for (; ; page = await fetchPage(page.next)) {
      seen.push(...page.rows.map(uidOf));
      assert.equal(page.next === undefined, page.warning === null);
      if (page.next === undefined) break;
      assert.ok(page.next.startsWith(`${dicomwebUrl}/studies?limit=16`));
    }
    isPaging = false;
    await ingest;
    assert.equal(new Set(seen).size, seen.length, 'no row comes twice');
    const stored = seen.filter((uid) => uid.startsWith(`${root}.1.`));
    assert.equal(stored.length, 50, 'no row is missing');
  }
});

test('PS3.18 §8.3.4.4: a page keeps its place when the row it ended with is deleted', async () => {
  const { dicomwebUrl } = server;
  await stow(dicomwebUrl, filesOf('4', 0, 12));
  const search = `${dicomwebUrl}/studies?PatientID=4-*&limit=5`;
  const all = (await fetchPage(`${dicomwebUrl}/studies?PatientID=4-*`)).rows.map(uidOf);
  const first = await fetchPage(search);
  await fetch(`${dicomwebUrl}/studies/${all[4]}`, { method: 'DELETE' });
  const second = await fetchPage(first.next!);
  assert.deepEqual(second.rows.map(uidOf), all.slice(5, 10));
  const offset = await fetchPage(`${search}&offset=4`);
  assert.deepEqual(offset.rows.map(uidOf), all.slice(5, 10));
});

test('PS3.4 §C.6.4: a search continues behind the Prior Record Key', async () => {
  const { dicomwebUrl } = server;
  await stow(dicomwebUrl, filesOf('5', 0, 6));
  const search = 'instances?PatientID=5-*&includefield=RecordKey';
  const rows = await qido(dicomwebUrl, search);
  assert.equal(rows.length, 6);
  for (const [n, row] of rows.entries()) {
    const { vr, InlineBinary: key } = row['0008041B']!;
    assert.equal(vr, 'OB');
    for (const name of ['PriorRecordKey', '0008041C']) {
      const rest = await qido(dicomwebUrl, `${search}&${name}=${encodeURIComponent(key!)}`);
      assert.deepEqual(rest, rows.slice(n + 1));
    }
  }
  const refused = await fetch(`${dicomwebUrl}/${search}&PriorRecordKey=AAAA`);
  assert.equal(refused.status, 400);
  const unwanted = await qido(dicomwebUrl, 'instances?PatientID=5-*');
  assert.equal(unwanted[0]!['0008041B'], undefined);
});

test('PS3.18 §8.3.4.4: patients are paged in an order that their studies do not change', async () => {
  const { dicomwebUrl } = server;
  await stow(dicomwebUrl, filesOf('6', 0, 14));
  const seen: unknown[] = [];
  let next: string | undefined = `${dicomwebUrl}/patients?PatientID=6-*&limit=3`;
  for (let number = 14; next !== undefined; number++) {
    const page: Page = await fetchPage(next);
    seen.push(...page.rows.map((row) => row['00100020']?.Value?.[0]));
    await stow(dicomwebUrl, filesOf('6', number, number + 1));
    next = page.next;
  }
  assert.deepEqual(seen, ['6-0', '6-1', '6-2', '6-3', '6-4', '6-5', '6-6']);
});
