import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { qido, stow } from '#test/helpers/dicomweb-client.js';
import { fixtureUids, searchFiles } from '#test/helpers/search-fixture.js';
import { startTestServer, withServer, type OwnedServer } from '#test/helpers/server.js';

const { meyer, yamada, meyerAgain, unnamed } = fixtureUids;
const newestFirst = [meyerAgain, yamada, meyer, unnamed];

let server: OwnedServer;
let url = '';

before(async () => {
  server = await startTestServer({ env: { GANTRY_INDEX_EXPLAIN: 'true' } });
  url = server.dicomwebUrl;
  assert.equal((await stow(url, searchFiles())).status, 200);
});
after(() => server.remove());

type Row = Awaited<ReturnType<typeof qido>>[number];

async function uids(path: string, tag = '0020000D'): Promise<unknown[]> {
  return (await qido(url, path)).map((row) => row[tag]?.Value?.[0]);
}

async function studies(query: string): Promise<unknown[]> {
  return uids(`studies?${query}`);
}

async function status(path: string, headers: Record<string, string> = {}): Promise<number> {
  const response = await fetch(`${url}/${path}`, { headers });
  await response.arrayBuffer();
  return response.status;
}

describe('PS3.18 §10.6.1: resources', () => {
  test('Table 10.6.1-1: each resource has rows of its level', async () => {
    assert.deepEqual(await uids('studies'), newestFirst);
    assert.equal((await uids('series', '0020000E')).length, 6);
    assert.equal((await uids('instances', '00080018')).length, 8);
    const below = `studies/${meyer}`;
    assert.deepEqual(await uids(`${below}/series`, '0020000E'), [`${meyer}.1`, `${meyer}.2`]);
    assert.equal((await uids(`${below}/instances`, '00080018')).length, 3);
    assert.deepEqual(await uids(`${below}/series/${meyer}.1/instances`, '00080018'), [
      `${meyer}.1.1`,
      `${meyer}.1.2`,
    ]);
  });

  test('beyond the standard: explain=true says what answered', async () => {
    const planOf = async (query: string): Promise<string | null> => {
      const response = await fetch(`${url}/${query}`);
      await response.arrayBuffer();
      return response.headers.get('gantry-query-plan');
    };
    const plans = {
      [`studies?StudyInstanceUID=${meyer}`]: 'uid; keys=0; records=1',
      'studies?PatientID=P1': 'patient-id; keys=2; records=2',
      'studies?PatientName=meyer*': 'patient-name; keys=2; records=2',
      'studies?ModalitiesInStudy=SEG': /^study-list; keys=4; records=\d$/,
      'series?PatientName=meyer*': 'index',
    };
    for (const [query, plan] of Object.entries(plans)) {
      const explained =
        (await planOf(`${query}${query.includes('?') ? '&' : '?'}explain=true`)) ?? '';
      if (typeof plan === 'string') assert.equal(explained, plan);
      else assert.match(explained, plan);
    }
    assert.equal(await planOf('studies'), null);
  });

  test('patients are made of their studies', async () => {
    const rows = await qido(url, 'patients');
    assert.deepEqual(
      rows.map((row) => row['00100020']?.Value?.[0]),
      ['P1', 'P2', 'P3'],
    );
    assert.deepEqual(Object.keys(rows[0]!), [
      ...['00080005', '00100010', '00100020', '00100021', '00100030', '00100040'],
      ...['00201200', '00201202', '00201204'],
    ]);
    assert.equal((await qido(url, 'patients?PatientName=meyer*')).length, 1);
    // Counts are those of the patient, of which one study matches.
    const [row] = await qido(url, 'patients?ModalitiesInStudy=SM&includefield=00201200');
    const counts = ['00201200', '00201202', '00201204'].map((tag) => row?.[tag]?.Value);
    assert.deepEqual(counts, [[2], [3], [4]]);
  });

  test('counts are those of the same search', async () => {
    const count = async (path: string): Promise<unknown> => (await fetch(`${url}/${path}`)).json();
    assert.deepEqual(await count('studies/count'), { count: 4 });
    assert.deepEqual(await count('studies/count?limit=1&offset=3'), { count: 4 });
    assert.deepEqual(await count('series/count?Modality=CT'), { count: 2 });
    assert.deepEqual(await count(`studies/${meyer}/instances/count`), { count: 3 });
    assert.deepEqual(await count('patients/count'), { count: 3 });
    assert.deepEqual(await count('studies/count?PatientID=none'), { count: 0 });
  });
});

describe('PS3.18 §8.3.4.1: attribute matching', () => {
  const cases: readonly (readonly [name: string, query: string, found: readonly string[]])[] = [
    ['keyword', 'PatientID=P2', [yamada]],
    ['tag', '00100020=P2', [yamada]],
    ['text with case', 'AccessionNumber=A100', [meyer]],
    ['two attributes', 'PatientID=P1&StudyDate=20240103', [meyerAgain]],
    ['universal', 'PatientID=&AccessionNumber=*', newestFirst],
    ['wildcard *', 'StudyDescription=*of*', [meyer]],
    ['wildcard ?', 'AccessionNumber=?100', [meyerAgain, meyer]],
    ['UID list by comma', `StudyInstanceUID=${meyer},${yamada}`, [yamada, meyer]],
    ['UID list by backslash', `StudyInstanceUID=${meyer}%5C${yamada}`, [yamada, meyer]],
    ['list of modalities: any', 'ModalitiesInStudy=SEG,MR', [yamada, meyer]],
    ['list of modalities: all', 'ModalitiesInStudy=SEG,CT&multiplevaluematching=true', [meyer]],
    ['date', 'StudyDate=20240102', [yamada]],
    ['date range', 'StudyDate=20240101-20240102', [yamada, meyer]],
    ['date range, open start', 'StudyDate=-20240101', [meyer]],
    ['date range, open end', 'StudyDate=20240102-', [meyerAgain, yamada]],
    ['time by its precision', 'StudyTime=0200', [meyerAgain]],
    [
      'moments from a night',
      'StudyDate=20240101-20240103&StudyTime=2200-0200',
      newestFirst.slice(0, 3),
    ],
    ['moments, borders', 'StudyDate=20240101-20240103&StudyTime=2201-0159', [yamada]],
    ['sequence member', 'ProcedureCodeSequence.CodeValue=PROC1', [meyer]],
    ['sequence member by tags', '00081032.00080104=Head', [meyer]],
    [
      'sequence members in one item',
      'ProcedureCodeSequence.CodeValue=PROC1&ProcedureCodeSequence.CodeMeaning=H*',
      [meyer],
    ],
    [
      'sequence members that no item has together',
      'ProcedureCodeSequence.CodeValue=PROC2&ProcedureCodeSequence.CodeMeaning=H*',
      [],
    ],
    [
      'sequence member without a value beside one with it',
      'ProcedureCodeSequence.CodeValue=PROC2&ProcedureCodeSequence.CodeMeaning=""&emptyvaluematching=true',
      [meyer],
    ],
    ['number', 'NumberOfStudyRelatedInstances=3', [yamada, meyer]],
    ['no value', 'AccessionNumber=%22%22&emptyvaluematching=true', [unnamed]],
    ['absent', 'StudyID=%22%22&emptyvaluematching=true', [yamada, unnamed]],
    ['name without case and accent', 'PatientName=MEYER%5Ejurgen', [meyerAgain, meyer]],
    ['name wildcard', 'PatientName=yam*', [yamada]],
    ['ideographic group', 'PatientName=*山田*', [yamada]],
    ['ideographic group in its place', 'PatientName=%3D迈尔%5E于尔根', [meyer]],
    ['phonetic group', 'PatientName=*%3D*%3Dヤマダ*', [yamada]],
    ['fuzzy words', 'PatientName=jürg%20mey&fuzzymatching=true', [meyerAgain, meyer]],
    [
      'fuzzy words of another name',
      'ReferringPhysicianName=alice%20doe&fuzzymatching=true',
      [meyer],
    ],
    ['unknown attributes', 'Rubbish=1&00091001=2', newestFirst],
  ];
  for (const [name, query, found] of cases) {
    test(name, async () => {
      assert.deepEqual(await studies(query), found);
    });
  }

  test('§8.3.4.2: fuzzy words that sound alike, when the option says so', async () => {
    const query = 'studies?PatientName=maier&fuzzymatching=true';
    assert.deepEqual(await uids(query), []);
    await withServer(
      async ({ dicomwebUrl }) => {
        await stow(dicomwebUrl, searchFiles());
        const found = await qido(dicomwebUrl, query);
        assert.deepEqual(
          found.map((row) => row['0020000D']?.Value?.[0]),
          [meyerAgain, meyer],
        );
        assert.equal((await qido(dicomwebUrl, 'studies?PatientName=maier')).length, 0);
      },
      { args: ['--index-phonetic-names', 'true'] },
    );
  });

  test('Table 10.6.1-5: members of RequestAttributesSequence, and RequestedProcedureID beside it', async () => {
    const series = (query: string): Promise<unknown[]> => uids(`series?${query}`, '0020000E');
    const sequence = 'RequestAttributesSequence';
    assert.deepEqual(await series(`${sequence}.ScheduledProcedureStepID=SPS1`), [`${meyer}.1`]);
    assert.deepEqual(await series('00400275.00401001=RP*'), [`${meyer}.1`]);
    assert.deepEqual(await series('RequestedProcedureID=RP*'), [`${meyer}.1`, `${meyer}.2`]);
    assert.deepEqual(await series('Modality=CT&PatientID=P2'), [`${yamada}.2`]);
    assert.deepEqual(await series('SeriesNumber=2&Modality=SEG'), [`${meyer}.2`]);
  });

  test('values that cannot be are 400 and say which parameter', async () => {
    for (const query of [
      ...['StudyDate=-', 'StudyDate=20240102-20240101', 'StudyDate=yesterday', 'limit=-1'],
      ...[
        'StudyInstanceUID=abc',
        'SeriesNumber=x',
        'fuzzymatching=1',
        'orderby=Rubbish',
        'after=x',
      ],
    ]) {
      const path = query.startsWith('Series') ? 'series' : 'studies';
      const response = await fetch(`${url}/${path}?${query}`);
      const problem = (await response.json()) as { detail: string };
      assert.equal(response.status, 400, query);
      assert.match(problem.detail, /Study|UID|Series|limit|fuzzy|range|Rubbish|continue/, query);
    }
    assert.equal(await status('studies/1.2.x/series'), 400);
  });
});

describe('PS3.18 §10.6.3: response', () => {
  test('§10.6.3.1: 204 when nothing matches, with warnings of what was ignored', async () => {
    const response = await fetch(`${url}/studies?PatientID=none&Rubbish=1`);
    assert.equal(response.status, 204);
    assert.equal(await response.text(), '');
    const warning = response.headers.get('warning');
    assert.equal(warning, '299 gantry "The parameter Rubbish was ignored."');
  });

  test('§8.3.4.3: includefield of what is not kept is told in a warning, of what is kept not', async () => {
    const warningOf = async (fields: string): Promise<string | null> =>
      (await fetch(`${url}/studies?includefield=${fields}`)).headers.get('warning');
    assert.equal(await warningOf('StudyDescription,00080060,00081190,all'), null);
    assert.equal(
      await warningOf('StudyDescription,ReconstructionDiameter,Rubbish'),
      '299 gantry "Not kept for searches, and left out: ReconstructionDiameter, Rubbish."',
    );
  });

  test('Tables 10.6.3-3 to -5: what every row has', async () => {
    const [study] = await qido(url, `studies?StudyInstanceUID=${meyer}`);
    const [series] = await qido(url, `studies/${meyer}/series`);
    const [instance] = await qido(url, `studies/${meyer}/series/${meyer}.1/instances`);
    const has = (row: Row | undefined, tags: string): void => {
      for (const tag of tags.split(' ')) assert.ok(row?.[tag] !== undefined, tag);
    };
    has(
      study,
      '00080005 00080020 00080030 00080050 00080056 00080061 00080090 00081190 00100010 00100020' +
        ' 00100030 00100040 0020000D 00200010 00201206 00201208',
    );
    has(series, '00080060 00081190 0020000E 00200011 00201209 00400244 00400275 00080005');
    has(instance, '00080005 00080016 00080018 00080056 00081190 00200013');
    assert.deepEqual(study?.['00080061']?.Value, ['CT', 'SEG']);
    assert.deepEqual(study?.['00201208']?.Value, [3]);
    assert.deepEqual(series?.['00081190']?.Value, [`${url}/studies/${meyer}/series/${meyer}.1`]);
    assert.equal(instance?.['00100010'], undefined);
  });

  test('§8.3.4.3: fields that are asked for, unknown ones and those of levels below left out', async () => {
    const row = async (path: string): Promise<Row> => (await qido(url, path))[0]!;
    const study = `studies?StudyInstanceUID=${meyer}`;
    assert.equal((await row(study))['00081032'], undefined);
    const more = await row(
      `${study}&includefield=ProcedureCodeSequence,Rubbish&includefield=00080060`,
    );
    assert.ok(more['00081032'] !== undefined && more['00080060'] === undefined);
    assert.ok((await row(`${study}&includefield=all`))['00081032'] !== undefined);
    const series = await row(`studies/${meyer}/series?includefield=PatientName`);
    assert.ok(series['00100010'] !== undefined && series['00100020'] === undefined);
  });

  test('§8.7.3.5: DICOM JSON, and XML as a multipart of one document a row', async () => {
    const accept = 'multipart/related; type="application/dicom+xml"';
    const response = await fetch(`${url}/studies`, { headers: { accept } });
    const text = await response.text();
    assert.match(
      response.headers.get('content-type') ?? '',
      /^multipart\/related; type="application\/dicom\+xml"/,
    );
    assert.equal(text.split('<NativeDicomModel').length, 5);
    assert.ok(text.includes('山田'));
    const json = await fetch(`${url}/studies`, { headers: { 'accept-encoding': 'gzip' } });
    assert.equal(json.headers.get('content-type'), 'application/dicom+json');
    assert.equal(json.headers.get('content-encoding'), 'gzip');
    assert.equal(((await json.json()) as unknown[]).length, 4);
    assert.equal(await status('studies', { accept: 'text/csv' }), 406);
  });

  test('orderby goes before the order of the level, values that are missing come last', async () => {
    const by = (order: string): Promise<unknown[]> => studies(`orderby=${order}`);
    assert.deepEqual(await by('StudyDate'), [meyer, yamada, meyerAgain, unnamed]);
    assert.deepEqual(await by('PatientID,-StudyDate'), [meyerAgain, meyer, yamada, unnamed]);
    assert.deepEqual(await by('-00201208,StudyDate'), [meyer, yamada, meyerAgain, unnamed]);
    assert.deepEqual(await by('-PatientName'), [yamada, meyerAgain, meyer, unnamed]);
    assert.deepEqual(
      await uids('series?orderby=-StudyDate,-SeriesNumber&Modality=CT', '0020000E'),
      [`${yamada}.2`, `${meyer}.1`],
    );
  });
});
