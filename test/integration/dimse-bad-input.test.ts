import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandField, encodeCommandSet } from '#engine/dimse/command-set.js';
import type { DicomScu } from '#test/helpers/dicom-scu.js';
import {
  ctImageStorage,
  explicitVrLittleEndian,
  startDimseFixture,
} from '#test/helpers/dimse-fixture.js';
import { dataTransferPdu } from '#test/helpers/pdu-recorder.js';

const storeCommand = encodeCommandSet({
  affectedSopClassUid: ctImageStorage,
  commandField: commandField.cStoreRequest,
  messageId: 1,
  priority: 0,
  commandDataSetType: 0,
  affectedSopInstanceUid: '2.25.1',
});
/** Where the value lengths of the SOP class and the Command Field lie. */
const lengthOffsets = { sopClass: 16, commandField: 50 } as const;

function withLength(offset: number, length: number): Buffer {
  const command = Buffer.from(storeCommand);
  command.writeUInt32LE(length, offset);
  return command;
}

/** Sends a whole command set in one PDU, and the beginning of a data set in another if there is one. */
function send(scu: DicomScu, command: Buffer, dataSetStart?: Buffer): void {
  const { contextId } = scu.contextFor(ctImageStorage);
  scu.sendRaw(dataTransferPdu([{ contextId, control: 3, bytes: command }]));
  if (dataSetStart === undefined) return;
  scu.sendRaw(dataTransferPdu([{ contextId, control: 0, bytes: dataSetStart }]));
}

test('PS3.7 §6.3.1: a command set with wrong lengths ends its own association only', async (t) => {
  const { associate, store } = await startDimseFixture(t);
  const bystander = await associate();
  const broken = [
    withLength(lengthOffsets.sopClass, 0xffffffff),
    withLength(lengthOffsets.sopClass, 27),
    withLength(lengthOffsets.commandField, 3),
    withLength(lengthOffsets.commandField, 0),
    storeCommand.subarray(0, storeCommand.length - 3),
    Buffer.concat([storeCommand, Buffer.alloc(5)]),
    Buffer.alloc(0),
  ];
  for (const command of broken) {
    const scu = await associate();
    send(scu, command);
    await scu.closed;
    // PS3.8 Table 9-26: what cannot be decoded above the upper layer is the service user's to abort.
    assert.deepEqual(scu.abortCause, { by: 'peer', source: 0, reason: 0 });
  }
  assert.equal((await bystander.echo()).status, 0);
  const instance = bystander.prepareStore({
    sopClassUid: ctImageStorage,
    sopInstanceUid: '2.25.2',
    transferSyntaxUid: explicitVrLittleEndian,
    dataSet: Buffer.alloc(5_000, 1),
  });
  assert.equal((await bystander.store(instance)).status, 0);
  assert.deepEqual(
    store.instances.map(({ description }) => description.sopInstanceUid),
    ['2.25.2'],
  );
  await bystander.release();
});

test('data sets that stop in the middle hold no memory but what arrived, and end with their time', async (t) => {
  const { associate, store, counters } = await startDimseFixture(t, { idleTimeoutMs: 1_500 });
  store.isKeeping = false;
  const announced = Buffer.alloc(12);
  announced.set([4, 0]);
  // A P-DATA-TF of 16 MiB, the longest that is taken, with one PDV, of which nothing follows.
  announced.writeUInt32BE(16 * 1024 * 1024, 2);
  announced.writeUInt32BE(16 * 1024 * 1024 - 4, 6);
  const before = process.memoryUsage().arrayBuffers;
  const stopInTheMiddle = async (): Promise<DicomScu> => {
    const scu = await associate();
    announced[10] = scu.contextFor(ctImageStorage).contextId;
    send(scu, storeCommand, Buffer.alloc(1_000, 1));
    scu.sendRaw(Buffer.from(announced));
    return scu;
  };
  const peers = await Promise.all(Array.from({ length: 40 }, stopInTheMiddle));
  await Promise.all(peers.map((scu) => scu.closed));
  const grown = process.memoryUsage().arrayBuffers - before;
  assert.ok(grown < 32 * 1024 * 1024, `${grown} bytes, 640 MiB were announced`);
  for (const scu of peers) assert.deepEqual(scu.abortCause, { by: 'peer', source: 0, reason: 0 });
  assert.equal(store.abandonedCount, peers.length);
  assert.equal(store.instances.length, 0);
  assert.deepEqual(new Set(counters.ends), new Set(['aborted-by-us']));
});
