import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { decodeDataSet } from '#engine/dicom/data-set/decode-data-set.js';
import type { DimseServiceOptions } from '#src/dimse/dimse-service.js';
import { startDimseFixture, until } from '#test/helpers/dimse-fixture.js';
import type { DimseFixture } from '#test/helpers/dimse-fixture.js';
import { grayImage } from '#test/helpers/dicom-builder.js';
import { patientRootGet, QueryScu, studyRootGet } from '#test/helpers/query-retrieve-scu.js';
import type { QueryScuOptions } from '#test/helpers/query-retrieve-scu.js';

const ct = '1.2.840.10008.5.1.4.1.1.2';
const mr = '1.2.840.10008.5.1.4.1.1.4';
const implicit = '1.2.840.10008.1.2';
const explicit = '1.2.840.10008.1.2.1';
const jpeg2000 = '1.2.840.10008.1.2.4.90';

/** A study of two series: three CT images in explicit VR, one of them large, and an MR image. */
async function start(
  t: TestContext,
  options: QueryScuOptions = {},
  service: Partial<DimseServiceOptions> = {},
): Promise<DimseFixture & { readonly scu: QueryScu }> {
  const fixture = await startDimseFixture(t, service);
  const { archive } = fixture;
  const study = { StudyInstanceUID: '1.1', PatientID: 'P1', PatientName: 'Doe' };
  for (const number of [1, 2, 3]) {
    const side = number === 3 ? 1024 : 16;
    await archive.add({
      elements: {
        ...{ ...study, SeriesInstanceUID: '1.1.1', SOPInstanceUID: `1.1.1.${number}` },
        ...{ SOPClassUID: ct, InstanceNumber: number, ...grayImage(side, side, 16) },
        RequestAttributesSequence: [{ ScheduledProcedureStepID: 'S1' }],
      },
      pixelData: Buffer.alloc(side * side * 2, number),
    });
  }
  await archive.add({
    elements: {
      ...{ ...study, SeriesInstanceUID: '1.1.2', SOPInstanceUID: '1.1.2.1', SOPClassUID: mr },
      ...grayImage(16, 16, 16),
    },
    transferSyntaxUid: jpeg2000,
    pixelData: { frames: [Buffer.alloc(100, 9)] },
  });
  const storageContexts = [
    { abstractSyntaxUid: ct, transferSyntaxUids: [explicit] },
    { abstractSyntaxUid: mr, transferSyntaxUids: [jpeg2000] },
  ];
  const scu = await QueryScu.associate(t, fixture.port, { storageContexts, ...options });
  return { ...fixture, scu };
}

const wholeStudy = { '00080052': 'STUDY', '0020000D': '1.1' };

test('PS3.4 §C.4.3: a study arrives as stored, byte for byte', async (t) => {
  const { scu, archive } = await start(t);
  const answer = await scu.get(wholeStudy);
  assert.equal(answer.status, 0);
  assert.equal(answer.command.numberOfCompletedSuboperations, 4);
  assert.equal(answer.command.numberOfFailedSuboperations, 0);
  assert.equal(answer.command.numberOfWarningSuboperations, 0);
  assert.equal(answer.command.numberOfRemainingSuboperations, undefined);
  assert.deepEqual(scu.taken.map(({ sopInstanceUid }) => sopInstanceUid).sort(), [
    ...['1.1.1.1', '1.1.1.2', '1.1.1.3', '1.1.2.1'],
  ]);
  for (const { sopInstanceUid, dataSet } of scu.taken) {
    assert.ok(dataSet.equals(archive.dataSetOf(sopInstanceUid)), sopInstanceUid);
  }
});

test('PS3.7 §D.3.3.3: responses are read while as many operations are outstanding as may', async (t) => {
  const { scu } = await start(t, {}, { operationsInvokedMax: 1, idleTimeoutMs: 3_000 });
  const answer = await scu.get(wholeStudy);
  assert.equal(answer.status, 0);
  assert.equal(answer.command.numberOfCompletedSuboperations, 4);
});

test('PS3.4 §C.4.3.2: levels, lists of UIDs, and the Patient Root model', async (t) => {
  const { scu } = await start(t);
  const countOf = async (identifier: Record<string, string>, sopClassUid = studyRootGet) => {
    const answer = await scu.get(identifier, { sopClassUid });
    assert.equal(answer.status, 0);
    return answer.command.numberOfCompletedSuboperations;
  };
  const series = { '00080052': 'SERIES', '0020000D': '1.1' };
  assert.equal(await countOf({ ...series, '0020000E': '1.1.1' }), 3);
  assert.equal(await countOf({ ...series, '0020000E': '1.1.1\\1.1.2' }), 4);
  const image = { '00080052': 'IMAGE', '0020000D': '1.1', '0020000E': '1.1.1' };
  assert.equal(await countOf({ ...image, '00080018': '1.1.1.1\\1.1.1.2\\1.9' }), 2);
  assert.equal(await countOf({ '00080052': 'PATIENT', '00100020': 'P1' }, patientRootGet), 4);
  assert.equal(await countOf({ ...wholeStudy, '0020000D': '1.9' }), 0);
});

test('PS3.4 §C.4.3.3: identifiers without their unique keys are refused', async (t) => {
  const { scu } = await start(t);
  for (const identifier of [
    { '00080052': 'STUDY' },
    { '00080052': 'SERIES', '0020000E': '1.1.1' },
    { '00080052': 'PATIENT', '00100020': 'P1' },
  ]) {
    assert.equal((await scu.get(identifier)).status, 0xa900);
  }
});

test('PS3.4 §C.5.3: relational retrieval by negotiation needs no keys above the level', async (t) => {
  const { scu } = await start(t, {
    storageContexts: [{ abstractSyntaxUid: ct, transferSyntaxUids: [explicit] }],
    extendedNegotiations: [{ sopClassUid: studyRootGet, information: Uint8Array.of(1) }],
  });
  const answer = await scu.get({ '00080052': 'IMAGE', '00080018': '1.1.1.1' });
  assert.equal(answer.status, 0);
  assert.equal(answer.command.numberOfCompletedSuboperations, 1);
});

test('PS3.4 §C.4.3.1.4: sub-operations that fail or warn are counted, failed UIDs listed', async (t) => {
  const { scu } = await start(t, {
    storeStatus: (uid) => (uid === '1.1.1.1' ? 0xa700 : uid === '1.1.1.2' ? 0xb007 : 0),
  });
  const answer = await scu.get(wholeStudy);
  assert.equal(answer.status, 0xb000);
  assert.equal(answer.command.numberOfCompletedSuboperations, 2);
  assert.equal(answer.command.numberOfFailedSuboperations, 1);
  assert.equal(answer.command.numberOfWarningSuboperations, 1);
  assert.deepEqual(answer.identifier, { '00080058': { vr: 'UI', Value: ['1.1.1.1'] } });
});

test('PS3.4 §C.4.3.1.4: without a context for anything every sub-operation fails', async (t) => {
  const { scu } = await start(t, { storageContexts: [] });
  const answer = await scu.get(wholeStudy);
  assert.equal(answer.status, 0xa702);
  assert.equal(answer.command.numberOfFailedSuboperations, 4);
  assert.match(answer.command.errorComment ?? '', /no presentation context/);
  assert.equal(answer.identifier?.['00080058']?.Value?.length, 4);
});

test('PS3.5 §A.1: explicit VR is rewritten for a peer that takes implicit VR only', async (t) => {
  const { scu, archive } = await start(t, {
    storageContexts: [{ abstractSyntaxUid: ct, transferSyntaxUids: [implicit] }],
  });
  const answer = await scu.get({ '00080052': 'SERIES', '0020000D': '1.1', '0020000E': '1.1.1' });
  assert.equal(answer.status, 0);
  assert.equal(scu.taken.length, 3);
  for (const { sopInstanceUid, dataSet, transferSyntaxUid } of scu.taken) {
    assert.equal(transferSyntaxUid, implicit);
    const stored = archive.dataSetOf(sopInstanceUid);
    assert.deepEqual(decodeDataSet(dataSet, implicit), decodeDataSet(stored, explicit));
    assert.ok(dataSet.includes(stored.subarray(stored.length - 512)), 'pixel data');
  }
});

test('PS3.5 §8.2: what cannot be converted for the peer fails, and the others are sent', async (t) => {
  const { scu } = await start(t, {
    storageContexts: [
      { abstractSyntaxUid: ct, transferSyntaxUids: [implicit] },
      { abstractSyntaxUid: mr, transferSyntaxUids: [explicit] },
    ],
  });
  const answer = await scu.get(wholeStudy);
  assert.equal(answer.status, 0xb000);
  assert.equal(answer.command.numberOfCompletedSuboperations, 3);
  assert.equal(answer.command.errorComment, 'there is no codec in memory');
  assert.deepEqual(answer.identifier?.['00080058']?.Value, ['1.1.2.1']);
});

test('PS3.7 §9.3.3.3: C-CANCEL ends the retrieval with FE00 and the counters', async (t) => {
  const { scu, archive } = await start(t);
  let cancel = (): void => undefined;
  let readCount = 0;
  let goOn = (): void => undefined;
  archive.beforeRead = () => {
    readCount++;
    return new Promise((resolve) => (goOn = resolve));
  };
  const answer = scu.get(wholeStudy, { onPending: (_count, send) => (cancel = send) });
  // The first response that is pending comes after a second.
  await until(() => readCount === 1, 'first sub-operation');
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  archive.beforeRead = () => Promise.resolve();
  goOn();
  await until(() => scu.taken.length > 0, 'first instance');
  cancel();
  const { status, command, pending } = await answer;
  // All may have been sent before the request came.
  assert.ok(status === 0xfe00 || status === 0);
  assert.deepEqual(pending[0]?.command.status, 0xff00);
  assert.deepEqual(pending[0]?.command.numberOfRemainingSuboperations, 4);
  const { numberOfCompletedSuboperations = 0, numberOfRemainingSuboperations = 0 } = command;
  assert.equal(numberOfCompletedSuboperations + numberOfRemainingSuboperations, 4);
});

test('an association that ends during C-GET ends the retrieval', async (t) => {
  const { scu, archive, counters } = await start(t);
  let goOn = (): void => undefined;
  let readCount = 0;
  archive.beforeRead = () => {
    readCount++;
    return new Promise((resolve) => (goOn = resolve));
  };
  const answer = scu.get(wholeStudy);
  await until(() => readCount === 1, 'first sub-operation');
  scu.association.abort();
  await assert.rejects(answer);
  await until(() => counters.ends.length === 1, 'end of the association');
  goOn();
  await until(() => counters.operations.length === 1, 'end of the operation');
  assert.equal(readCount, 1);
});
