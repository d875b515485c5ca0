import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { encodeDataSet } from '#engine/dicom/data-set/encode-data-set.js';
import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';
import { commandField, encodeCommandSet } from '#engine/dimse/command-set.js';
import { encodeAssociateRequest } from '#engine/upper-layer/pdu-writer.js';
import { associateRequest } from '#test/helpers/associate-pdus.js';
import { startDimseFixture, until } from '#test/helpers/dimse-fixture.js';
import type { DimseFixture } from '#test/helpers/dimse-fixture.js';
import type { MemoryArchive } from '#test/helpers/memory-archive.js';
import { dataTransferPdu } from '#test/helpers/pdu-recorder.js';
import {
  keys,
  patientRootFind,
  QueryScu,
  studyRootFind,
} from '#test/helpers/query-retrieve-scu.js';
import type { QueryScuOptions } from '#test/helpers/query-retrieve-scu.js';
import { studyRecord } from '#test/helpers/record-builder.js';

/** Two patients; Doe has two studies, the older one with two series. */
async function fill(archive: MemoryArchive): Promise<void> {
  const doe = { PatientName: 'Doe^Jane', PatientID: 'P1', SpecificCharacterSet: 'ISO_IR 192' };
  const add = (elements: Record<string, string | number>): Promise<unknown> =>
    archive.add({ elements: { ...elements } });
  const older = { ...doe, StudyInstanceUID: '1.1', StudyDate: '20240101', StudyTime: '230000' };
  const ct = { ...older, SeriesInstanceUID: '1.1.1', Modality: 'CT', SeriesDescription: 'Thorax' };
  await add({ ...ct, SOPInstanceUID: '1.1.1.1', InstanceNumber: 1, Rows: 512 });
  await add({ ...ct, SOPInstanceUID: '1.1.1.2', InstanceNumber: 2 });
  await add({ ...older, SeriesInstanceUID: '1.1.2', Modality: 'SR', SOPInstanceUID: '1.1.2.1' });
  const newer = { ...doe, StudyInstanceUID: '1.2', StudyDate: '20240103', StudyTime: '010000' };
  await add({ ...newer, SeriesInstanceUID: '1.2.1', Modality: 'MR', SOPInstanceUID: '1.2.1.1' });
  const yamada = { PatientName: 'Yamada^Tarou=山田^太郎', PatientID: 'P2' };
  await add({
    ...{ ...yamada, SpecificCharacterSet: 'ISO_IR 192', StudyInstanceUID: '1.3' },
    ...{ StudyDate: '20240102', StudyTime: '120000', SeriesInstanceUID: '1.3.1', Modality: 'CT' },
    SOPInstanceUID: '1.3.1.1',
  });
}

async function start(
  t: TestContext,
  options: QueryScuOptions = {},
): Promise<DimseFixture & { readonly scu: QueryScu }> {
  const fixture = await startDimseFixture(t);
  await fill(fixture.archive);
  return { ...fixture, scu: await QueryScu.associate(t, fixture.port, options) };
}

function uidsOf(
  pending: readonly { readonly identifier?: JsonDataSet }[],
  tag = '0020000D',
): unknown[] {
  return pending.map(({ identifier }) => identifier?.[tag]?.Value?.[0]).sort();
}

const transferSyntaxes = ['1.2.840.10008.1.2', '1.2.840.10008.1.2.1', '1.2.840.10008.1.2.2'];
for (const transferSyntaxUid of transferSyntaxes) {
  test(`PS3.4 §C.4.1: identifiers in ${transferSyntaxUid}`, async (t) => {
    const { scu } = await start(t, { transferSyntaxUid });
    const { status, pending } = await scu.find({
      ...{ '00080052': 'STUDY', '00100020': 'P2', '00100010': '' },
      ...{ '0020000D': '', '00201208': '', '00080061': '', '00081030': '' },
    });
    assert.equal(status, 0);
    assert.deepEqual(
      pending.map(({ command, identifier }) => [command.status, identifier]),
      [
        [
          0xff00,
          {
            '00080005': { vr: 'CS', Value: ['ISO_IR 192'] },
            '00080052': { vr: 'CS', Value: ['STUDY'] },
            '00080054': { vr: 'AE', Value: ['GANTRY'] },
            '00080061': { vr: 'CS', Value: ['CT'] },
            '00081030': { vr: 'LO' },
            '00100010': {
              vr: 'PN',
              Value: [{ Alphabetic: 'Yamada^Tarou', Ideographic: '山田^太郎' }],
            },
            '00100020': { vr: 'LO', Value: ['P2'] },
            '0020000D': { vr: 'UI', Value: ['1.3'] },
            '00201208': { vr: 'IS', Value: [1] },
          },
        ],
      ],
    );
  });
}

test('PS3.4 §C.2.2.2: single value, wildcard, range, list of UID and universal matching', async (t) => {
  const { scu } = await start(t);
  const studies = async (texts: Record<string, string>): Promise<unknown[]> => {
    const answer = await scu.find({ '00080052': 'STUDY', '0020000D': '', ...texts });
    assert.equal(answer.status, 0);
    return uidsOf(answer.pending);
  };
  assert.deepEqual(await studies({}), ['1.1', '1.2', '1.3']);
  assert.deepEqual(await studies({ '00100010': 'doe*' }), ['1.1', '1.2']);
  assert.deepEqual(await studies({ '00080020': '20240102-' }), ['1.2', '1.3']);
  assert.deepEqual(await studies({ '0020000D': '1.1\\1.3\\1.9' }), ['1.1', '1.3']);
  assert.deepEqual(await studies({ '00080061': 'SR' }), ['1.1']);
  assert.deepEqual(await studies({ '00100020': 'p1' }), []);
});

test('PS3.4 §C.6.2: SERIES and IMAGE levels of the Study Root model', async (t) => {
  const { scu } = await start(t);
  const series = await scu.find({
    ...{ '00080052': 'SERIES', '0020000D': '1.1', '0020000E': '', '00201209': '' },
    '00080060': 'CT',
  });
  assert.deepEqual(uidsOf(series.pending, '0020000E'), ['1.1.1']);
  assert.deepEqual(series.pending[0]?.identifier?.['00201209']?.Value, [2]);
  const image = await scu.find({
    ...{ '00080052': 'IMAGE', '0020000D': '1.1', '0020000E': '1.1.1', '00080018': '' },
    ...{ '00200013': '2', '00280010': '' },
  });
  assert.deepEqual(uidsOf(image.pending, '00080018'), ['1.1.1.2']);
  assert.deepEqual(image.pending[0]?.identifier?.['00280010'], { vr: 'US' });
});

test('PS3.4 §C.6.1: PATIENT level names each patient once, with counts', async (t) => {
  const { scu } = await start(t);
  const identifier = {
    ...{ '00080052': 'PATIENT', '00100010': '', '00100020': '' },
    ...{ '00201200': '', '00201202': '', '00201204': '' },
  };
  const answer = await scu.find(identifier, { sopClassUid: patientRootFind });
  const rows = answer.pending.map(({ identifier: row }) =>
    ['00100020', '00201200', '00201202', '00201204'].map((tag) => row?.[tag]?.Value?.[0]),
  );
  assert.deepEqual(rows.sort(), [
    ['P1', 2, 3, 4],
    ['P2', 1, 1, 1],
  ]);
});

test('PS3.4 §C.4.1.3.1: a hierarchical query needs the unique keys above its level', async (t) => {
  const { scu } = await start(t);
  for (const study of ['', '1.1\\1.2', '*']) {
    const identifier = { '00080052': 'SERIES', '0020000D': study, '0020000E': '' };
    const { status, command, pending } = await scu.find(identifier);
    assert.equal(status, 0xa900);
    assert.equal(pending.length, 0);
    assert.match(command.errorComment ?? '', /^\(0020,000D\)/);
    assert.deepEqual(command.offendingElement, [0x0020000d]);
  }
});

test('PS3.4 §C.5.1.1: relational, combined date-time and fuzzy matching by negotiation', async (t) => {
  const information = Uint8Array.of(1, 1, 1, 1, 1);
  const { scu } = await start(t, {
    extendedNegotiations: [{ sopClassUid: studyRootFind, information }],
  });
  const answered = scu.association.accept?.userInformation.extendedNegotiations ?? [];
  assert.deepEqual(
    answered.map((each) => [each.sopClassUid, [...each.information]]),
    [[studyRootFind, [1, 1, 1, 0, 0]]],
  );
  const relational = await scu.find({ '00080052': 'SERIES', '0020000E': '', '00080060': 'CT' });
  assert.deepEqual(uidsOf(relational.pending, '0020000E'), ['1.1.1', '1.3.1']);
  // From 22:00 of the first day to 02:00 of the third: the study at noon of the second is between.
  const combined = await scu.find({
    ...{ '00080052': 'STUDY', '0020000D': '' },
    ...{ '00080020': '20240101-20240103', '00080030': '2200-0200' },
  });
  assert.deepEqual(uidsOf(combined.pending), ['1.1', '1.2', '1.3']);
  const fuzzy = await scu.find({ '00080052': 'STUDY', '0020000D': '', '00100010': 'jane d' });
  assert.deepEqual(uidsOf(fuzzy.pending), ['1.1', '1.2']);
});

test('PS3.4 §C.4.1.1.4: FF01 tells that an optional key is not supported; it is not returned', async (t) => {
  const { scu } = await start(t);
  const answer = await scu.find({ '00080052': 'STUDY', '0020000D': '1.1', '00104000': '' });
  assert.equal(answer.pending[0]?.command.status, 0xff01);
  assert.equal(answer.pending[0]?.identifier?.['00104000'], undefined);
  // Known, but of a level below.
  const below = await scu.find({ '00080052': 'STUDY', '0020000D': '1.1', '00080060': '' });
  assert.equal(below.pending[0]?.command.status, 0xff01);
});

test('PS3.4 §C.2.2.2.6: a sequence key matches and returns the members of its item', async (t) => {
  const { archive, scu } = await start(t);
  const RequestAttributesSequence = [
    { ScheduledProcedureStepID: 'S1', RequestedProcedureID: 'R1' },
    { ScheduledProcedureStepID: 'S2', RequestedProcedureID: 'R2' },
  ];
  await archive.add({ elements: { StudyInstanceUID: '1.4', RequestAttributesSequence } });
  const ask = (
    item: JsonDataSet,
  ): Promise<{ readonly pending: readonly { identifier?: JsonDataSet }[] }> =>
    scu.ask(
      'find',
      {
        ...keys({ '00080052': 'SERIES', '0020000D': '1.4' }),
        '00400275': { vr: 'SQ', Value: [item] },
      },
      {},
    );
  const found = await ask(keys({ '00400009': 'S1' }));
  assert.deepEqual(found.pending[0]?.identifier?.['00400275']?.Value, [
    { '00400009': { vr: 'SH', Value: ['S1'] } },
    { '00400009': { vr: 'SH', Value: ['S2'] } },
  ]);
  assert.deepEqual((await ask(keys({ '00400009': 'S3' }))).pending, []);
  assert.equal((await ask(keys({ '00400009': 'S2', '00401001': 'R2' }))).pending.length, 1);
  assert.deepEqual((await ask(keys({ '00400009': 'S1', '00401001': 'R2' }))).pending, []);

  const identifier = keys({ '00080052': 'SERIES', '0020000D': '1.4', '00400009': '' });
  const alone = await scu.ask('find', identifier, {});
  assert.deepEqual(alone.pending[0]?.identifier?.['00400009']?.Value, ['S1', 'S2']);
});

test('PS3.4 §C.4.1.1.4: identifiers that cannot be understood are refused', async (t) => {
  const { scu } = await start(t);
  assert.equal((await scu.find({ '0020000D': '' })).status, 0xa900);
  assert.equal((await scu.find({ '00080052': 'PATIENT' })).status, 0xa900);
  assert.equal((await scu.find({ '00080052': 'STUDY', '00080020': 'today' })).status, 0xa900);
  const onOther = await scu.find(
    { '00080052': 'STUDY' },
    { sopClassUid: '1.2.840.10008.5.1.4.1.2.2.3' },
  );
  assert.equal(onOther.status, 0x0122);
});

test('PS3.7 §9.3.2.3: C-CANCEL ends the answer with FE00', async (t) => {
  const { scu, archive, counters } = await start(t);
  fake(archive, 100_000);
  const answer = await scu.find(
    { '00080052': 'STUDY', '0020000D': '' },
    { onPending: (count, cancel) => void (count === 10 && cancel()) },
  );
  assert.equal(answer.status, 0xfe00);
  assert.ok(answer.pending.length < 100_000);
  assert.equal(answer.identifier, undefined);
  assert.equal((await scu.find({ '00080052': 'STUDY', '0020000D': '1.1' })).status, 0);
  assert.deepEqual(
    counters.operations.map(({ status }) => status),
    [0xfe00, 0],
  );
});

test('PS3.7 §9.3.2.3: C-CANCEL ends a search under way', async (t) => {
  const { scu, archive } = await start(t);
  let isSearching = false;
  let endSearch = (): void => undefined;
  archive.beforeSearch = () => {
    isSearching = true;
    return new Promise((resolve) => (endSearch = resolve));
  };
  const context = scu.association.findContext(studyRootFind)!;
  const answer = scu.find({ '00080052': 'STUDY' });
  await until(() => isSearching, 'search');
  await scu.association.notify(context, {
    ...{ commandField: commandField.cCancelRequest, messageIdBeingRespondedTo: 1 },
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  endSearch();
  assert.equal((await answer).status, 0xfe00);
});

/** Makes every search find `count` studies that do not exist, and tells how many were read. */
function fake(archive: MemoryArchive, count: number): { readCount: number } {
  const reads = { readCount: 0 };
  const search = archive.search.bind(archive);
  archive.search = (query, signal) => {
    if (query.conditions.length > 0) return search(query, signal);
    const found = Math.min(query.limit, count - query.offset);
    return Promise.resolve({
      ...{
        count: found,
        isCut: query.offset + found < count,
        plan: { name: 'index', keyCount: 0, recordCount: 0 } as const,
      },
      readMatches: (start, end) => {
        reads.readCount += end - start;
        return Array.from({ length: end - start }, (_, index) => ({
          study: studyRecord(`1.2.${query.offset + start + index}`, 1),
        }));
      },
    });
  };
  return reads;
}

test('PS3.4 §C.4.1: a large answer comes whole, a page of matches after another', async (t) => {
  const { scu, archive } = await start(t);
  fake(archive, 12_345);
  const answer = await scu.find({ '00080052': 'STUDY', '0020000D': '' });
  assert.equal(answer.status, 0);
  assert.equal(new Set(uidsOf(answer.pending)).size, 12_345);
});

test('an answer that the peer does not take is not made', async (t) => {
  const { archive, port, counters } = await start(t);
  const reads = fake(archive, 1_000_000);
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  const context = {
    ...{ contextId: 1, abstractSyntaxUid: studyRootFind },
    transferSyntaxUids: ['1.2.840.10008.1.2.1'],
  };
  socket.write(encodeAssociateRequest(associateRequest({ presentationContexts: [context] })));
  await new Promise((resolve) => socket.once('data', resolve));
  socket.pause();
  const command = encodeCommandSet({
    ...{ commandField: commandField.cFindRequest, messageId: 1, priority: 0 },
    ...{ affectedSopClassUid: studyRootFind, commandDataSetType: 0 },
  });
  const identifier = encodeDataSet(
    keys({ '00080052': 'STUDY', '0020000D': '', '00081030': '' }),
    '1.2.840.10008.1.2.1',
  );
  socket.write(dataTransferPdu([{ contextId: 1, control: 3, bytes: command }]));
  socket.write(dataTransferPdu([{ contextId: 1, control: 2, bytes: identifier }]));
  let before = -1;
  await until(() => {
    const isSteady = reads.readCount > 0 && reads.readCount === before;
    before = reads.readCount;
    return isSteady;
  }, 'back-pressure');
  assert.ok(reads.readCount < 200_000, `${reads.readCount} records were read`);
  socket.destroy();
  await until(() => counters.ends.length === 1, 'end of the association');
});
