import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { buildPart10, sampleIdentifiers } from '#test/helpers/dicom-builder.js';
import {
  acceptStoredInstances,
  qido,
  retrieve,
  type JsonDataSet,
} from '#test/helpers/dicomweb-client.js';
import { startTestServer, type OwnedServer } from '#test/helpers/server.js';
import {
  commentsOf,
  failedAttributesSequence,
  failedSopSequence,
  failureReasonTag,
  itemsOf,
  referencedSopSequence,
  sendStore,
  tinyInstance,
  warningReasonTag,
} from '#test/helpers/stow-client.js';

const implicitVrUid = '1.2.840.10008.1.2';
const emptyMultipart = '\r\n--b--';
const multipartOf = (boundary: string): string =>
  `multipart/related; type="application/dicom"; boundary=${boundary}`;

describe('PS3.18 §10.5: Store in the Azure dialect', () => {
  let server: OwnedServer;
  let root: string;
  let studies: string;
  before(async () => {
    server = await startTestServer();
    root = `${server.httpUrl}/v2`;
    studies = `${root}/studies`;
  });
  after(() => server.remove());

  const reasonsOf = (dataSet: JsonDataSet): unknown[] =>
    itemsOf(dataSet, failedSopSequence).map((item) => item[failureReasonTag]!.Value![0]);
  const metadataOf = async (study: string): Promise<JsonDataSet> => {
    const response = await fetch(`${studies}/${study}/metadata`, {
      headers: { accept: 'application/dicom+json' },
    });
    return ((await response.json()) as JsonDataSet[])[0]!;
  };

  test('a multipart without parts is 204', async () => {
    for (const body of [emptyMultipart, '--b--']) {
      const answer = await sendStore(studies, { body, contentType: multipartOf('b') });
      assert.equal(answer.status, 204);
      assert.equal(answer.text, '');
    }
  });

  test('an empty body, and an empty part alone, are 409', async () => {
    const single = await sendStore(studies, { body: '', contentType: 'application/dicom' });
    assert.equal(single.status, 409);
    const body = '--b\r\nContent-Type: application/dicom\r\n\r\n\r\n--b--';
    const part = await sendStore(studies, { body, contentType: multipartOf('b') });
    assert.equal(part.status, 409);
    assert.deepEqual(reasonsOf(part.dataSet), [272]);
  });

  test('a study UID in the URL that is none is 400', async () => {
    const files = [tinyInstance()];
    for (const uid of ['aaaa-bbbb', '()', '1.2.x']) {
      const answer = await sendStore(`${studies}/${encodeURIComponent(uid)}`, { files });
      assert.equal(answer.status, 400);
      assert.equal(answer.headers.get('content-type'), 'text/plain');
    }
  });

  test('an Accept other than DICOM JSON is 406', async () => {
    const files = [tinyInstance()];
    for (const accept of ['application/dicom', 'application/data', 'application/dicom+xml']) {
      assert.equal((await sendStore(studies, { files, accept })).status, 406);
    }
    for (const accept of ['application/dicom+json', '*/*', 'application/*']) {
      const answer = await sendStore(studies, { files: [tinyInstance()], accept });
      assert.equal(answer.status, 200);
    }
  });

  test('a single part stores, with and without the study in the URL', async () => {
    const contentType = 'application/dicom';
    const first = await sendStore(studies, { body: tinyInstance(), contentType });
    assert.equal(first.status, 200);
    assert.equal(first.dataSet['00081190'], undefined);
    const body = tinyInstance({ StudyInstanceUID: '1.2.77.1' });
    const second = await sendStore(`${studies}/1.2.77.1`, { body, contentType });
    assert.equal(second.status, 200);
    assert.match(String(second.dataSet['00081190']!.Value![0]), /\/v2\/studies\/1\.2\.77\.1$/);
    // Every item of a success has the sequence, if only an empty one.
    const [item] = itemsOf(second.dataSet, referencedSopSequence);
    assert.deepEqual(item![failedAttributesSequence], { vr: 'SQ' });
    assert.equal(item![warningReasonTag], undefined);
  });

  test('an unknown Content-Type is 415', async () => {
    for (const contentType of [
      'application/dicom-x',
      'image/png',
      'multipart/form-data; boundary=b',
    ]) {
      assert.equal((await sendStore(studies, { body: 'x', contentType })).status, 415);
    }
  });

  test('a part without Content-Type is taken for DICOM', async () => {
    const body = Buffer.concat([
      Buffer.from('--b\r\nContent-Length: 1\r\n\r\n'),
      tinyInstance(),
      Buffer.from('\r\n--b--'),
    ]);
    assert.equal((await sendStore(studies, { body, contentType: multipartOf('b') })).status, 200);
  });

  test('one bad and one good part are 202 and name the good one', async () => {
    const uids = sampleIdentifiers();
    const answer = await sendStore(studies, {
      files: [Buffer.from('no DICOM at all'), tinyInstance(uids)],
    });
    assert.equal(answer.status, 202);
    const [item] = itemsOf(answer.dataSet, referencedSopSequence);
    assert.deepEqual(item!['00081155']!.Value, [uids.SOPInstanceUID]);
    assert.deepEqual(reasonsOf(answer.dataSet), [272]);
    assert.match(commentsOf(itemsOf(answer.dataSet, failedSopSequence)[0]!)[0]!, /^part 1: /);
  });

  test('instances of another study only are 409 with one attribute, of one other 202', async () => {
    const all = await sendStore(`${studies}/1.2.77.2`, { files: [tinyInstance()] });
    assert.equal(all.status, 409);
    assert.deepEqual(Object.keys(all.dataSet), [failedSopSequence]);
    assert.deepEqual(reasonsOf(all.dataSet), [43264]);
    const wrong = sampleIdentifiers();
    const some = await sendStore(`${studies}/1.2.77.2`, {
      files: [tinyInstance({ StudyInstanceUID: '1.2.77.2' }), tinyInstance(wrong)],
    });
    assert.equal(some.status, 202);
    assert.equal(Object.keys(some.dataSet).length, 3);
    assert.match(String(some.dataSet['00081190']!.Value![0]), /studies\/1\.2\.77\.2$/);
    assert.equal((await fetch(`${studies}/${wrong.StudyInstanceUID}`)).status, 404);
  });

  test('what is stored already fails with 45070; twice in a request is 202', async () => {
    const file = tinyInstance();
    assert.equal((await sendStore(studies, { files: [file, file] })).status, 202);
    const again = await sendStore(studies, { files: [file] });
    assert.equal(again.status, 409);
    assert.deepEqual(reasonsOf(again.dataSet), [45070]);
  });

  test('PUT replaces what is stored, and takes what is stored as it is', async () => {
    const uids = sampleIdentifiers();
    const put = { method: 'PUT' };
    const before = tinyInstance({ ...uids, PatientName: 'Before^B' });
    const later = tinyInstance({ ...uids, PatientName: 'After^A' });
    assert.equal((await sendStore(studies, { ...put, files: [before] })).status, 200);
    assert.equal((await sendStore(studies, { ...put, files: [before] })).status, 200);
    assert.equal((await sendStore(studies, { ...put, files: [later] })).status, 200);
    const rows = await qido(root, `studies?StudyInstanceUID=${uids.StudyInstanceUID}`);
    assert.deepEqual(rows[0]!['00100010']!.Value, [{ Alphabetic: 'After^A' }]);
    assert.equal((await qido(root, 'instances?PatientName=Before^B')).length, 0);
    assert.equal((await qido(root, 'instances?PatientName=After^A')).length, 1);
    const path = `studies/${uids.StudyInstanceUID}`;
    const [part] = await retrieve(root, path, acceptStoredInstances);
    assert.deepEqual(part!.body, Buffer.from(later));
  });

  test('a UID that is none is 409', async () => {
    for (const bad of ['abc.123', '11|']) {
      const answer = await sendStore(studies, { files: [tinyInstance({ StudyInstanceUID: bad })] });
      assert.equal(answer.status, 409);
      assert.deepEqual(reasonsOf(answer.dataSet), [43264]);
    }
  });

  test('the bytes that come back are those that were sent', async () => {
    const uids = sampleIdentifiers();
    const file = tinyInstance({
      ...uids,
      '00091001': { vr: 'UN', value: Buffer.from([1, 2, 3, 4]) },
    });
    assert.equal((await sendStore(studies, { files: [file] })).status, 200);
    const [part] = await retrieve(root, `studies/${uids.StudyInstanceUID}`, acceptStoredInstances);
    assert.deepEqual(part!.body, Buffer.from(file));
  });

  test('several values where one is searched are stored, and told of in a Warning header', async () => {
    const answer = await sendStore(studies, {
      files: [tinyInstance({ PatientName: ['A^B', 'C^D'] })],
    });
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('warning')!, /^299 gantry ".*\(0010,0010\)"$/);
  });

  test('a padded UID names the same instance', async () => {
    const uids = sampleIdentifiers();
    assert.equal((await sendStore(studies, { files: [tinyInstance(uids)] })).status, 200);
    const padded = tinyInstance({ ...uids, StudyInstanceUID: `${uids.StudyInstanceUID}  ` });
    assert.equal((await sendStore(studies, { files: [padded] })).status, 409);
    const other = { ...sampleIdentifiers(), StudyInstanceUID: '1.2.77.3 ' };
    assert.equal((await sendStore(studies, { files: [tinyInstance(other)] })).status, 200);
    assert.equal((await qido(root, 'studies?StudyInstanceUID=1.2.77.3')).length, 1);
  });

  test('implicit VR is stored with warning 45063, without its private attributes in metadata', async () => {
    const uids = sampleIdentifiers();
    const file = tinyInstance(
      { ...uids, '00091001': { vr: 'LO', value: 'private' }, StudyDescription: 'S' },
      implicitVrUid,
    );
    const answer = await sendStore(studies, { files: [file] });
    assert.equal(answer.status, 202);
    const [item] = itemsOf(answer.dataSet, referencedSopSequence);
    assert.deepEqual(item![warningReasonTag]!.Value, [45063]);
    const metadata = await metadataOf(uids.StudyInstanceUID);
    assert.equal(metadata['00091001'], undefined);
    assert.deepEqual(metadata['00081030']!.Value, ['S']);
  });

  test('a bad value is 202: kept in the file, left out of metadata and index, its attribute named', async () => {
    const uids = sampleIdentifiers();
    const file = tinyInstance({
      ...uids,
      StudyDate: '2024-13-45',
      AccessionNumber: 'much longer than sixteen characters',
      StudyDescription: 'good',
      RequestAttributesSequence: [
        { ScheduledProcedureStepID: 'ok', RequestedProcedureID: 'also longer than sixteen' },
      ],
    });
    const answer = await sendStore(studies, { files: [file] });
    assert.equal(answer.status, 202);
    const [item] = itemsOf(answer.dataSet, referencedSopSequence);
    assert.deepEqual(item![warningReasonTag]!.Value, [1]);
    assert.deepEqual(
      commentsOf(item!).map((comment) => comment.slice(0, 24)),
      ['DICOM100: (0008,0020) - ', 'DICOM100: (0008,0050) - ', 'DICOM100: (0040,0275) - '],
    );
    const metadata = await metadataOf(uids.StudyInstanceUID);
    assert.equal(metadata['00080020'], undefined);
    assert.equal(metadata['00080050'], undefined);
    assert.deepEqual(metadata['00081030']!.Value, ['good']);
    const [request] = itemsOf(metadata, '00400275');
    assert.deepEqual(Object.keys(request!), ['00400009']);
    const [row] = await qido(root, `studies?StudyInstanceUID=${uids.StudyInstanceUID}`);
    assert.equal(row!['00080020']?.Value, undefined);
    const [part] = await retrieve(root, `studies/${uids.StudyInstanceUID}`, acceptStoredInstances);
    assert.deepEqual(part!.body, Buffer.from(file));
  });

  test('NUL padding is no fault: UIDs and PatientID are indexed without it', async () => {
    const answer = await sendStore(studies, {
      files: [tinyInstance({ StudyInstanceUID: '1.2.77.4\0', PatientID: 'NULPADDED\0' })],
    });
    assert.equal(answer.status, 200);
    assert.equal((await qido(root, 'studies?PatientID=NULPADDED')).length, 1);
    assert.equal((await qido(root, 'studies?StudyInstanceUID=1.2.77.4')).length, 1);
  });

  test('PatientID is a core attribute: absent or invalid is 409, empty is not', async () => {
    const { PatientID: _, ...rest } = { PatientID: '', ...sampleIdentifiers() };
    const absent = buildWithoutPatientId(rest);
    for (const file of [absent, tinyInstance({ PatientID: 'x'.repeat(65) })]) {
      const answer = await sendStore(studies, { files: [file] });
      assert.equal(answer.status, 409);
      assert.deepEqual(reasonsOf(answer.dataSet), [43264]);
    }
    const uids = sampleIdentifiers();
    assert.equal(
      (await sendStore(studies, { files: [tinyInstance({ ...uids, PatientID: '' })] })).status,
      200,
    );
    const second = tinyInstance({
      ...uids,
      SOPInstanceUID: `${uids.SOPInstanceUID}.1`,
      PatientID: 'LATER',
    });
    assert.equal((await sendStore(studies, { files: [second] })).status, 200);
    assert.equal((await qido(root, 'studies?PatientID=LATER')).length, 1);
  });
});

function buildWithoutPatientId(uids: Readonly<Record<string, string>>): Uint8Array {
  return buildPart10({ elements: { ...uids, Modality: 'OT' } });
}
