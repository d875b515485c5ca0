import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { GantryError } from '#engine/base/error-catalogue.js';
import { storageSopClasses } from '#engine/dicom/dictionary/sop-classes.js';
import { checkJsonDataSet } from '#engine/dicom/json-model/check-json-data-set.js';
import { readNativeDicomModel } from '#engine/dicom/xml-model/read-native-dicom-model.js';
import { sampleIdentifiers } from '#test/helpers/dicom-builder.js';
import { acceptStoredInstances, qido, retrieve } from '#test/helpers/dicomweb-client.js';
import { startTestServer, withServer, type OwnedServer } from '#test/helpers/server.js';
import {
  commentsOf,
  failedSopSequence,
  itemsOf,
  referencedSopSequence,
  sendStore,
  tinyInstance,
  warningReasonTag,
} from '#test/helpers/stow-client.js';

/** The 31 storage SOP classes of a common vendor statement, behind 1.2.840.10008.5.1.4.1.1. */
const vendorSopClasses = [
  ...['1.1', '1.2', '2', '2.1', '3.1', '4', '6.1', '7', '7.2', '7.3', '7.4', '11.1', '12.1'],
  ...['77.1.4', '77.1.5.1', '77.1.5.2', '78.3', '78.7', '78.8', '88.11', '88.67', '104.1', '128'],
  ...['481.1', '481.2', '481.3', '481.4', '481.5', '481.6', '481.7', '481.8'],
];

/** Its 40 transfer syntaxes, behind 1.2.840.10008.1.2. */
const vendorTransferSyntaxes = [
  ...['', '.1', '.1.99', '.2', '.5'],
  ...[50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 70, 80, 81]
    .concat([90, 91, 92, 93, 94, 95, 100, 101, 102, 103, 104, 105, 106, 107, 108])
    .map((number) => `.4.${number}`),
];

describe('PS3.18 §10.5 Store, as clients send it', () => {
  let server: OwnedServer;
  let studies: string;
  before(async () => {
    server = await startTestServer({
      args: ['--store-denied-sop-classes', '1.2.840.10008.5.1.4.1.1.66'],
    });
    studies = `${server.dicomwebUrl}/studies`;
  });
  after(() => server.remove());

  const part = (boundary: string, file: Uint8Array): Buffer =>
    Buffer.concat([
      Buffer.from(`\r\n--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`),
      file,
      Buffer.from(`\r\n--${boundary}--`),
    ]);

  test('dicomweb-client (JavaScript), OHIF: CRLF before the first boundary, none at the end, any Accept', async () => {
    const b = '12345678-1234-1234-1234-123456789012';
    for (const accept of [
      undefined,
      '*/*',
      'multipart/related; type="application/octet-stream"; transfer-syntax="*"',
      'text/html',
    ]) {
      const answer = await sendStore(studies, {
        body: part(b, tinyInstance()),
        contentType: `multipart/related; type="application/dicom"; boundary="${b}"`,
        ...(accept === undefined ? {} : { accept }),
      });
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.headers.get('content-type'), 'application/dicom+json');
    }
  });

  test('dicomweb-client (Python): chunked, with its constant boundary', async () => {
    const b = '0f3cf5c0-70e0-41ef-baef-c6f9f65ec3e1';
    const file = tinyInstance();
    const send = (): Promise<number> =>
      new Promise((resolve, reject) => {
        const sent = request(
          studies,
          {
            method: 'POST',
            headers: {
              'content-type': `multipart/related; type="application/dicom"; boundary="${b}"`,
              'transfer-encoding': 'chunked',
            },
          },
          (response) => resolve(response.resume().statusCode ?? 0),
        );
        sent.on('error', reject);
        const body = part(b, file);
        for (let at = 0; at < body.length; at += 100) sent.write(body.subarray(at, at + 100));
        sent.end();
      });
    assert.equal(await send(), 200);
    // It sends again what got no answer in time.
    assert.equal(await send(), 200);
  });

  test('Weasis: no quotes around the boundary, and an answer in XML', async () => {
    const answer = await sendStore(studies, {
      body: part('mimeTypeBoundary', tinyInstance()),
      contentType: 'multipart/related;type="application/dicom";boundary=mimeTypeBoundary',
      accept: 'application/dicom+xml',
    });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('content-type'), 'application/dicom+xml');
    assert.match(answer.text, /<NativeDicomModel.*tag="00081199"/s);
  });

  test('§10.5.3 a value that cannot be read is a warning; one that only breaks a rule is none', async () => {
    const uids = sampleIdentifiers();
    const bad = await sendStore(studies, {
      files: [tinyInstance({ ...uids, StudyDate: 'yesterday', PatientSex: 'female' })],
    });
    assert.equal(bad.status, 202);
    const [item] = itemsOf(bad.dataSet, referencedSopSequence);
    assert.deepEqual(item![warningReasonTag]!.Value, [45063]);
    assert.deepEqual(commentsOf(item!), ['(0008,0020) - is no date']);
    const [row] = await qido(
      server.dicomwebUrl,
      `studies?StudyInstanceUID=${uids.StudyInstanceUID}`,
    );
    assert.deepEqual(row!['00100040']!.Value, ['female']);
  });

  test('dryrun=true says what a store would, with every rule of PS3.5, and stores nothing', async () => {
    const uids = sampleIdentifiers();
    const answer = await sendStore(`${studies}?dryrun=true`, {
      files: [tinyInstance({ ...uids, PatientSex: 'female' })],
    });
    assert.equal(answer.status, 202);
    assert.deepEqual(commentsOf(itemsOf(answer.dataSet, referencedSopSequence)[0]!), [
      '(0010,0040) - is no code string',
    ]);
    assert.equal((await fetch(`${studies}/${uids.StudyInstanceUID}/metadata`)).status, 404);
  });

  test('a SOP class that the site denies is 409, a private one is stored', async () => {
    const denied = tinyInstance({ SOPClassUID: '1.2.840.10008.5.1.4.1.1.66' });
    const answer = await sendStore(studies, { files: [denied] });
    assert.equal(answer.status, 409);
    const [item] = itemsOf(answer.dataSet, failedSopSequence);
    assert.deepEqual(item!['00081197']!.Value, [0x0122]);
    const other = tinyInstance({ SOPClassUID: '1.2.3.4.5.6' }, '1.2.3.4.5.7');
    assert.equal((await sendStore(studies, { files: [other] })).status, 200);
  });

  test('store.overwrite decides about other content under the same UIDs; the same content is a success', async () => {
    const uids = sampleIdentifiers();
    const files = ['first', 'second'].map((StudyDescription) =>
      tinyInstance({ ...uids, StudyDescription }),
    );
    const statusesAt = async (url: string): Promise<number[]> => {
      const statuses: number[] = [];
      for (const file of [files[0]!, files[0]!, files[1]!]) {
        statuses.push((await sendStore(url, { files: [file] })).status);
      }
      return statuses;
    };
    const storedAt = async (root: string): Promise<Buffer> =>
      (await retrieve(root, `studies/${uids.StudyInstanceUID}`, acceptStoredInstances))[0]!.body;
    assert.deepEqual(await statusesAt(studies), [200, 200, 409]);
    assert.ok((await storedAt(server.dicomwebUrl)).equals(files[0]!), 'never');
    for (const policy of ['if-changed', 'always']) {
      await withServer(
        async ({ dicomwebUrl }) => {
          assert.deepEqual(await statusesAt(`${dicomwebUrl}/studies`), [200, 200, 200]);
          assert.ok((await storedAt(dicomwebUrl)).equals(files[1]!), policy);
        },
        { args: ['--store-overwrite', policy] },
      );
    }
  });

  test('PS3.10 §7.5: a preamble that could be a program is zeroed, that of a TIFF file is kept', async () => {
    for (const [magic, kept] of [
      ['MZ', '\0\0'],
      ['II*\0', 'II*\0'],
    ] as const) {
      const file = Buffer.from(tinyInstance());
      file.write(magic, 0, 'latin1');
      const { dataSet } = await sendStore(studies, { files: [file] });
      const url = String(itemsOf(dataSet, referencedSopSequence)[0]!['00081190']!.Value![0]);
      const response = await fetch(url, { headers: { accept: 'application/dicom' } });
      const stored = Buffer.from(await response.arrayBuffer());
      assert.equal(stored.toString('latin1', 0, kept.length), kept);
      assert.ok(stored.subarray(128).equals(file.subarray(128)));
    }
  });

  test('PS3.4 §B.5, PS3.5 §10: every storage SOP class and transfer syntax is stored and comes back as it is', async () => {
    const { StudyInstanceUID: study, SeriesInstanceUID: series } = sampleIdentifiers();
    let number = 0;
    const instanceOf = (sopClass: string, transferSyntaxUid?: string): Uint8Array =>
      tinyInstance(
        {
          SOPClassUID: `1.2.840.10008.5.1.4.1.1.${sopClass}`,
          SOPInstanceUID: `${series}.${(number += 1)}`,
          StudyInstanceUID: study,
          SeriesInstanceUID: series,
        },
        transferSyntaxUid,
      );
    const files = [
      ...storageSopClasses.flatMap(({ uid }) => /\.1\.4\.1\.1\.(.+)/.exec(uid)?.slice(1) ?? []),
      ...vendorSopClasses,
    ]
      .filter((sopClass) => sopClass !== '66')
      .map((sopClass) => instanceOf(sopClass));
    files.push(...vendorTransferSyntaxes.map((uid) => instanceOf('7', `1.2.840.10008.1.2${uid}`)));
    const answer = await sendStore(studies, { files });
    assert.equal(answer.status, 200, answer.text.slice(0, 500));
    const parts = await retrieve(server.dicomwebUrl, `studies/${study}`, acceptStoredInstances);
    const sent = new Set(files.map((file) => Buffer.from(file).toString('base64')));
    assert.equal(parts.length, files.length);
    for (const { body } of parts) assert.ok(sent.delete(body.toString('base64')));
  });

  test('a body that cannot be read says why, and at which part, with the correlation id', async () => {
    const answer = await sendStore(studies, {
      body: '--b\r\nno header\r\n\r\nx\r\n--b--',
      contentType: 'multipart/related; type="application/dicom"; boundary=b',
    });
    assert.equal(answer.status, 400);
    assert.equal(answer.headers.get('content-type'), 'application/problem+json');
    const problem = JSON.parse(answer.text) as Record<string, string>;
    assert.equal(problem['correlationId'], answer.headers.get('x-request-id'));
    assert.equal(problem['type'], 'urn:gantry:error:bad-request');
  });
});

/** Whatever comes in, the only error is one of the catalogue. */
function staysCalm(action: () => unknown): void {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof GantryError, String(error));
  }
}

test('PS3.18 §10.5: metadata of any form is checked or refused, in JSON and in XML', () => {
  const element = fc.record(
    {
      vr: fc.constantFrom('PN', 'US', 'SQ', 'DS', 'AT', 'FD', 'UV', 'OB', 'ZZ'),
      Value: fc.array(fc.jsonValue(), { maxLength: 3 }),
      InlineBinary: fc.string(),
      BulkDataURI: fc.string(),
    },
    { requiredKeys: [] },
  );
  const dataSet = fc.dictionary(fc.constantFrom('00100010', '7FE00010', 'x', '0008'), element);
  fc.assert(
    fc.property(fc.oneof(dataSet, fc.jsonValue()), (value) =>
      staysCalm(() => checkJsonDataSet(value)),
    ),
    { numRuns: 500 },
  );
  const piece = fc.constantFrom(
    '<NativeDicomModel>',
    '</NativeDicomModel>',
    '<DicomAttribute tag="00100010" vr="PN">',
    '</DicomAttribute>',
    '<Value number="1">',
    '<Value number="99999999999">',
    '</Value>',
    '<Item number="1">',
    '</Item>',
    '&b;',
    '<!DOCTYPE a [<!ENTITY b "c">]>',
    'text',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) =>
      staysCalm(() => checkJsonDataSet(readNativeDicomModel(pieces.join('')))),
    ),
    { numRuns: 500 },
  );
});
