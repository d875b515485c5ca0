import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { silentLogger } from '#engine/base/logger.js';
import { decodeDataSet } from '#engine/dicom/data-set/decode-data-set.js';
import { encodeDataSet } from '#engine/dicom/data-set/encode-data-set.js';
import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';
import { getFromRemote } from '#src/dimse/remote/get-from-remote.js';
import { readRemoteIdentifier } from '#src/dimse/remote/remote-identifier.js';
import { defaultScuTimeouts } from '#src/dimse/scu/association-requestor.js';
import type { AssociationProposal } from '#src/dimse/scu/association-requestor.js';
import { storeInstance } from '#src/dimse/scu/c-store-scu.js';
import { DimseClient, proposalOf } from '#src/dimse/scu/dimse-client.js';
import type { RequestedAssociation } from '#src/dimse/scu/requested-association.js';
import { find, move } from '#src/dimse/scu/query-retrieve-scu.js';
import { MemoryDataSetSource } from '#test/helpers/data-set-source.js';
import { dcmtkMissing, runDcmtk } from '#test/helpers/dcmtk.js';
import { startDcmqrscp, startStorescp } from '#test/helpers/dcmtk-server.js';
import {
  ctImageStorage,
  explicitVrLittleEndian,
  startDimseFixture,
} from '#test/helpers/dimse-fixture.js';
import { buildDataSet, sampleIdentifiers } from '#test/helpers/dicom-builder.js';
import { RecordingStore } from '#test/helpers/recording-store.js';

const skip = dcmtkMissing;
const studyRoot = '1.2.840.10008.5.1.4.1.2.2.';
const studyUid = '1.2.826.0.1.77.1';

/** Behind the storage classes that have room on one association with the others. */
const petImageStorage = '1.2.840.10008.5.1.4.1.1.128';

interface Instance {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly dataSet: Uint8Array;
}

/** A small slice of one study, as a data set in explicit VR little endian. */
function buildSlice(number: number, sopClassUid = ctImageStorage): Instance {
  const sopInstanceUid = `1.2.826.0.1.77.3.${number}`;
  const dataSet = buildDataSet({
    elements: {
      ...sampleIdentifiers({
        study: studyUid,
        series: '1.2.826.0.1.77.2',
        instance: sopInstanceUid,
      }),
      SOPClassUID: sopClassUid,
      PatientName: 'Peer^Test',
      PatientID: 'PEER',
      Modality: 'CT',
      InstanceNumber: number,
    },
  });
  return { sopClassUid, sopInstanceUid, dataSet };
}

function createClient(t: TestContext, port: number, aeTitle = 'GANTRY'): DimseClient {
  const remote = { aeTitle: 'ARCHIVE', host: '127.0.0.1', port };
  const client = new DimseClient({
    findRemoteAe: () => ({ ...remote, tls: false, verbs: [], addresses: [] }),
    aeTitle,
    maximumLengthBytes: 131_072,
    timeouts: defaultScuTimeouts,
    idleTimeMs: 2_000,
    logger: silentLogger,
  });
  t.after(() => client.close());
  return client;
}

const storageProposal: AssociationProposal = {
  contexts: [ctImageStorage, petImageStorage].map((abstractSyntaxUid) => ({
    abstractSyntaxUid,
    transferSyntaxUids: [explicitVrLittleEndian],
  })),
};

async function sendSlices(client: DimseClient, slices: readonly Instance[]): Promise<void> {
  await client.use('ARCHIVE', storageProposal, async (association) => {
    for (const { sopClassUid, sopInstanceUid, dataSet } of slices) {
      const context = association.findContext(sopClassUid);
      assert.ok(context);
      const { status } = await storeInstance(association, context, {
        sopClassUid,
        sopInstanceUid,
        dataSet: new MemoryDataSetSource(dataSet),
      });
      assert.equal(status, 0);
    }
  });
}

function encodeIdentifier(
  association: RequestedAssociation,
  sopClassUid: string,
  level: string,
): Buffer {
  const identifier: JsonDataSet = {
    '00080052': { vr: 'CS', Value: [level] },
    ...(level === 'STUDY' && { '00100010': { vr: 'PN' } }),
    '0020000D': { vr: 'UI', Value: [studyUid] },
  };
  const { transferSyntaxUid } = association.findContext(sopClassUid) ?? {};
  return encodeDataSet(identifier, transferSyntaxUid ?? explicitVrLittleEndian);
}

test(
  'PS3.4 §B.2: storescp takes what the SCU streams, byte for byte, in PDUs of its size',
  { skip },
  async (t) => {
    const { port, directory } = await startStorescp(t, ['-pdu', '4096']);
    const client = createClient(t, port);
    const slice = buildSlice(1);
    await sendSlices(client, [slice]);
    const [file] = readdirSync(directory);
    assert.ok(file !== undefined);
    const stored = readFileSync(join(directory, file));
    assert.ok(stored.subarray(-slice.dataSet.length).equals(Buffer.from(slice.dataSet)));
  },
);

test('PS3.4 §C.4: C-ECHO, C-STORE, C-FIND, C-MOVE and C-GET of dcmqrscp', { skip }, async (t) => {
  const fixture = await startDimseFixture(t);
  const { port } = await startDcmqrscp(t, fixture.port);
  const client = createClient(t, port);
  assert.equal((await client.echo('ARCHIVE')).status, 0);
  await sendSlices(client, [buildSlice(1), buildSlice(2), buildSlice(3, petImageStorage)]);

  const findUid = `${studyRoot}1`;
  const names: unknown[] = [];
  await client.use('ARCHIVE', proposalOf(findUid), async (association) => {
    const context = association.findContext(findUid);
    assert.ok(context);
    const { status } = await find(association, {
      sopClassUid: findUid,
      identifier: encodeIdentifier(association, findUid, 'STUDY'),
      onPending: ({ dataSet }) => {
        assert.ok(dataSet);
        const match = decodeDataSet(dataSet, context.transferSyntaxUid);
        names.push(match['00100010']?.Value?.[0]);
      },
    });
    assert.equal(status, 0);
  });
  assert.deepEqual(names, [{ Alphabetic: 'Peer^Test' }]);

  const moveUid = `${studyRoot}2`;
  await client.use('ARCHIVE', proposalOf(moveUid), async (association) => {
    const identifier = encodeIdentifier(association, moveUid, 'STUDY');
    const request = { sopClassUid: moveUid, identifier };
    const { status, command } = await move(association, request, 'GANTRY');
    assert.equal(status, 0);
    assert.equal(command.numberOfCompletedSuboperations, 3);
    const unknown = await move(association, request, 'NOWHERE');
    assert.equal(unknown.status, 0xa801);
  });
  assert.equal(fixture.store.instances.length, 3);

  const received = new RecordingStore();
  const wanted = readRemoteIdentifier(
    {
      '00080052': { vr: 'CS', Value: ['STUDY'] },
      '0020000D': { vr: 'UI', Value: [studyUid] },
    },
    'get',
  );
  const { openStoreSession } = received;
  const got = await getFromRemote(
    { client, openStoreSession, logger: silentLogger },
    'ARCHIVE',
    { ...wanted, partition: 0 },
    new AbortController().signal,
  );
  assert.deepEqual(got, { status: 0, suboperations: { completed: 3, warning: 0, failed: 0 } });
  assert.deepEqual(
    received.instances.map(({ description }) => description.sopInstanceUid).sort(),
    [1, 2, 3].map((number) => buildSlice(number).sopInstanceUid),
  );
});

test(
  'PS3.7 §9.3.2.3: a C-FIND whose signal is aborted is cancelled, and the association goes on',
  { skip },
  async (t) => {
    const { port } = await startDcmqrscp(t, 104);
    const client = createClient(t, port);
    await sendSlices(
      client,
      Array.from({ length: 40 }, (_, index) => buildSlice(index)),
    );
    const findUid = `${studyRoot}1`;
    const controller = new AbortController();
    await client.use('ARCHIVE', proposalOf(findUid), async (association) => {
      const request = {
        sopClassUid: findUid,
        identifier: encodeIdentifier(association, findUid, 'STUDY'),
        signal: controller.signal,
        onPending: () => controller.abort(),
      };
      const { status } = await find(association, request);
      assert.ok(status === 0xfe00 || status === 0, status.toString(16));
      const { signal: _, ...again } = request;
      assert.equal((await find(association, again)).status, 0);
    });
  },
);

test('termscu, which only knocks, leaves the service as it was', { skip }, async (t) => {
  const { port, associate, counters } = await startDimseFixture(t);
  await runDcmtk('termscu', ['127.0.0.1', String(port)]);
  const scu = await associate();
  assert.equal((await scu.echo()).status, 0);
  await scu.release();
  assert.ok(counters.accepted >= 1);
});
