import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import {
  corpusFiles,
  corpusMissing,
  corpusPath,
  groupsWithoutRepeats,
  readCorpusFile,
  type CorpusFile,
} from '#test/helpers/corpus.js';
import { dumpFiles, type DumpedDataSet, type DumpedElement } from '#test/helpers/dcmdump.js';
import { dcmtkMissing } from '#test/helpers/dcmtk.js';
import {
  multipartBody,
  qido,
  stowContentType,
  type JsonDataSet,
} from '#test/helpers/dicomweb-client.js';
import {
  checkInstanceForms,
  checkParentForms,
  type RetrievedForms,
} from '#test/helpers/retrieve-forms.js';
import { startTestServer, type OwnedServer } from '#test/helpers/server.js';

/** Files of one request, and files that are looked at at the same time. */
const requestFiles = 20;
const parallelFiles = 4;

const files = corpusMissing === false ? corpusFiles().filter((file) => file.storable) : [];

/** The corpus holds some instances in several transfer syntaxes, of which a store keeps one: each group replaces some. */
const groups = groupsWithoutRepeats(files);

describe('every storable file of the corpus', { skip: corpusMissing }, () => {
  let server: OwnedServer;
  let folder: string;
  const retrieved = new Map<CorpusFile, RetrievedForms>();
  const converted = new Set<CorpusFile>();
  const unreadable = new Set<string>();
  before(async () => {
    server = await startTestServer();
    folder = mkdtempSync(join(tmpdir(), 'gantry-real-data-'));
  });
  after(async () => {
    await server.remove();
    rmSync(folder, { recursive: true });
  });

  for (const [index, group] of groups.entries()) {
    const method = index === 0 ? 'POST' : 'PUT';
    test(`group ${index + 1}: ${group.length} files by ${method}, found and retrieved in every form`, async () => {
      for (let n = 0; n < group.length; n += requestFiles) {
        const warned = await store(server, method, group.slice(n, n + requestFiles));
        for (const attribute of warned) unreadable.add(attribute);
      }
      await checkCounts(server, groups.slice(0, index + 1).flat());
      await inParallel(group, async (file) => {
        await checkRows(server, file);
        const { littleEndian, ...forms } = await checkInstanceForms(server, file);
        retrieved.set(file, forms);
        if (littleEndian === undefined) return;
        writeFileSync(copyPath(folder, file), littleEndian);
        converted.add(file);
      });
    });
  }

  test('studies and series of them in every form', async () => {
    const stored = new Map(files.map((file) => [instanceKey(file), file]));
    const studies = new Map<string, CorpusFile[]>();
    for (const file of stored.values()) {
      studies.set(file.studyUID, [...(studies.get(file.studyUID) ?? []), file]);
    }
    await inParallel([...studies.values()], (all) => checkParentForms(server, all));
  });

  test('DCMTK reads the same of them', { skip: dcmtkMissing }, async () => {
    const originals = await dumpFiles(files.map(corpusPath));
    const copies = await dumpFiles([...converted].map((file) => copyPath(folder, file)));
    const faults = files.flatMap((file) => {
      const original = originals.get(corpusPath(file));
      assert.ok(original !== undefined && original.size > 0, file.path);
      const readable = [...original].filter(
        ([tag]) => isOfModel(tag) && !unreadable.has(`${file.sopInstanceUID} ${tag}`),
      );
      const copy = converted.has(file) ? copies.get(copyPath(folder, file)) : original;
      const all = [
        ...metadataFaults(retrieved.get(file)!, readable),
        ...copyFaults(copy ?? new Map(), original),
      ];
      return all.map((fault) => `${file.path} ${fault}`);
    });
    assert.deepEqual(faults, []);
  });
});

function instanceKey(file: CorpusFile): string {
  return `${file.studyUID}/${file.seriesUID}/${file.sopInstanceUID}`;
}

function copyPath(folder: string, file: CorpusFile): string {
  return join(folder, `${files.indexOf(file)}.dcm`);
}

async function inParallel<Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const rest = [...items];
  const run = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: parallelFiles }, run));
}

/** Attributes that the store warns of, as `uid tag`: metadata does without them. */
async function store(
  server: OwnedServer,
  method: string,
  batch: readonly CorpusFile[],
): Promise<string[]> {
  const response = await fetch(`${server.dicomwebUrl}/studies`, {
    method,
    headers: { 'content-type': stowContentType },
    body: multipartBody(batch.map(readCorpusFile)),
  });
  const text = await response.text();
  assert.ok([200, 202].includes(response.status), text);
  const { '00081199': stored } = JSON.parse(text) as Record<string, { Value: JsonDataSet[] }>;
  assert.equal(stored?.Value.length, batch.length, text);
  return (stored?.Value ?? []).flatMap((item) => {
    const uid = String(item['00081155']?.Value?.[0]);
    const comments = JSON.stringify(item['00741048'] ?? {}).matchAll(
      /\(([0-9A-F]{4}),([0-9A-F]{4})\)/g,
    );
    return [...comments].map(([, group, element]) => `${uid} ${group}${element}`);
  });
}

async function checkCounts(server: OwnedServer, stored: readonly CorpusFile[]): Promise<void> {
  const expected = new Map<string, Set<string>>();
  for (const file of stored) {
    const keys = expected.get(file.studyUID) ?? new Set();
    expected.set(file.studyUID, keys.add(instanceKey(file)));
  }
  const rows = await qido(server.dicomwebUrl, 'studies?limit=5000');
  const counted = rows.map((row) => [row['0020000D']?.Value?.[0], row['00201208']?.Value?.[0]]);
  assert.deepEqual(
    new Map(counted as [string, number][]),
    new Map([...expected].map(([study, keys]) => [study, keys.size])),
  );
}

async function checkRows(server: OwnedServer, file: CorpusFile): Promise<void> {
  const { studyUID: study, seriesUID: series, sopInstanceUID: instance } = file;
  for (const search of [
    `studies?StudyInstanceUID=${study}`,
    `studies/${study}/series?SeriesInstanceUID=${series}`,
    `studies/${study}/series/${series}/instances?SOPInstanceUID=${instance}`,
    `series?SeriesInstanceUID=${series}`,
    `instances?SOPInstanceUID=${instance}`,
  ]) {
    const rows = await qido(server.dicomwebUrl, search);
    assert.equal(rows.length, 1, `${file.path}: ${search}`);
  }
}

const comparedNumberVrs = new Set(['IS', 'DS', 'US', 'SS', 'UL', 'SL']);

/** VRs whose values DCMTK prints in the default repertoire. */
const comparedVrs = new Set(['UI', 'DA', 'TM', 'CS', 'AS', ...comparedNumberVrs]);

/** Specific Character Set is that of JSON; there is a character outside the default repertoire in the sex of one patient. */
function isCompared(tag: string, vr: string, text: string): boolean {
  return (
    comparedVrs.has(vr) && tag !== '00080005' && text !== '(not loaded)' && /^[ -~]*$/.test(text)
  );
}

/** Group lengths, paddings, and what encloses fragments are not part of the model. */
function isOfModel(tag: string): boolean {
  return !/0000$|^FFFE|^FFFC/.test(tag);
}

type Dumped = readonly (readonly [tag: string, element: DumpedElement])[];

function metadataFaults({ metadata, bulkBytes }: RetrievedForms, original: Dumped): string[] {
  const faults: string[] = [];
  for (const [tag, { vr, text, length }] of original) {
    const element = metadata[tag];
    if (element === undefined) {
      faults.push(`${tag} is missing`);
      continue;
    }
    const bytes = bulkBytes.get(tag);
    if (bytes !== undefined && !Number.isNaN(length) && bytes !== length) {
      faults.push(`${tag} has ${bytes} bytes, theirs ${length}`);
    }
    if (element.vr !== vr || !isCompared(tag, vr, text)) continue;
    const ours = (element.Value ?? []).map((value) => comparable(vr, value));
    const theirs = valuesOf(text).map((value) => comparable(vr, value));
    if (!isDeepStrictEqual(ours, theirs)) faults.push(`${tag} ${ours.join()}, theirs ${text}`);
  }
  return faults;
}

function valuesOf(text: string): string[] {
  if (text === '(no value available)') return [];
  return text.replace(/^\[|\]$/g, '').split('\\');
}

/** Numbers are written in more than one way; DCMTK prints the NUL that pads some. */
function comparable(vr: string, value: unknown): unknown {
  if (typeof value === 'number') return value + 0;
  const text = typeof value === 'string' ? value.replace(/\\x00$|\0$/, '').trim() : '';
  // A negative zero is none.
  return comparedNumberVrs.has(vr) && text !== '' ? Number(text) + 0 : text;
}

/** VRs that a conversion may make of another, or whose printed form depends on the VR or the encoding. */
const encodedVrs = new Set(['OB', 'OW', 'SQ', 'UN']);

/** The pixels apart, and what describes them, a conversion changes no value. */
function copyFaults(copy: DumpedDataSet, original: DumpedDataSet): string[] {
  const faults: string[] = [];
  for (const [tag, { vr, text }] of original) {
    const isPrivate = Number.parseInt(tag[3]!, 16) % 2 === 1;
    if (isPrivate || encodedVrs.has(vr) || !isOfModel(tag) || /^7FE0|^0028/.test(tag)) continue;
    const converted = copy.get(tag)?.text;
    if (converted !== text) faults.push(`${tag} ${text} became ${converted}`);
  }
  return faults;
}
