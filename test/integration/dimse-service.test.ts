import assert from 'node:assert/strict';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { GantryError } from '#engine/base/error-catalogue.js';
import { encodeCommandSet } from '#engine/dimse/command-set.js';
import { encodeAbort, encodeAssociateRequest } from '#engine/upper-layer/pdu-writer.js';
import { associateRequest } from '#test/helpers/associate-pdus.js';
import { ScuError } from '#test/helpers/dicom-scu.js';
import type { DicomScu, StoreInstance } from '#test/helpers/dicom-scu.js';
import {
  ctImageStorage,
  explicitVrLittleEndian,
  startDimseFixture,
  until,
} from '#test/helpers/dimse-fixture.js';
import { dataTransferPdu } from '#test/helpers/pdu-recorder.js';

function instance(length = 1000, sopInstanceUid = '2.25.7'): StoreInstance {
  return {
    sopClassUid: ctImageStorage,
    sopInstanceUid,
    transferSyntaxUid: explicitVrLittleEndian,
    dataSet: Buffer.alloc(length, 0x5a),
  };
}

/** A raw connection and what came back until the server closed or `length` bytes arrived. */
class RawPeer {
  readonly socket: Socket;
  received = Buffer.alloc(0);
  isClosed = false;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk]);
    });
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.isClosed = true;
    });
  }

  async receive(length: number): Promise<Buffer> {
    await until(() => this.received.length >= length, `${length} bytes`);
    return this.received;
  }
}

async function rejectionOf(association: Promise<DicomScu>): Promise<unknown> {
  try {
    await association;
  } catch (error) {
    assert.ok(error instanceof ScuError);
    return error.reject;
  }
  return undefined;
}

test('PS3.4 Annex A and B: echo, several stores, release on one association', async (t) => {
  const { associate, store, counters } = await startDimseFixture(t);
  const scu = await associate();
  assert.equal((await scu.echo()).status, 0);
  for (const length of [0, 1, 100_000, 1_000_000]) {
    const response = await scu.store(scu.prepareStore(instance(length)));
    assert.equal(response.status, 0);
    assert.equal(response.command.affectedSopInstanceUid, '2.25.7');
    assert.equal(response.command.affectedSopClassUid, ctImageStorage);
  }
  await scu.release();
  assert.deepEqual(
    store.instances.map(({ bytes }) => bytes.length),
    [0, 1, 100_000, 1_000_000],
  );
  assert.deepEqual(store.instances[0]?.description, {
    transferSyntaxUid: explicitVrLittleEndian,
    sopClassUid: ctImageStorage,
    sopInstanceUid: '2.25.7',
    callingAeTitle: 'TESTSCU',
  });
  assert.equal(store.sessions.length, 1);
  assert.equal(store.closedCount, 1);
  assert.deepEqual(counters.ends, ['released']);
});

test('PS3.8 §9.3.1: HTTP on the DIMSE port gets an A-ABORT, unrecognized PDU', async (t) => {
  const { port } = await startDimseFixture(t, { artimTimeoutMs: 50 });
  const peer = new RawPeer(port);
  peer.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  assert.deepEqual(await peer.receive(10), encodeAbort({ source: 2, reason: 1 }));
  await until(() => peer.isClosed, 'close');
});

test('a PDU of 4 GB is refused when its length is read', async (t) => {
  const { port, associate, store } = await startDimseFixture(t, { artimTimeoutMs: 50 });
  for (const type of [1, 4]) {
    const peer = new RawPeer(port);
    peer.socket.write(Buffer.from([type, 0, 0xff, 0xff, 0xff, 0xff]));
    const { source, reason } = { source: 2, reason: 6 };
    assert.deepEqual(await peer.receive(10), encodeAbort({ source, reason }));
  }
  const scu = await associate();
  scu.sendRaw(Buffer.from([4, 0, 0xff, 0xff, 0xff, 0xff]));
  await scu.closed;
  assert.deepEqual(scu.abortCause, { by: 'peer', source: 2, reason: 6 });
  assert.equal(store.abandonedCount, 0);
});

test('PS3.8 §9.1.5: ARTIM closes a connection that does not associate', async (t) => {
  const { port } = await startDimseFixture(t, { artimTimeoutMs: 50 });
  const silent = new RawPeer(port);
  const half = new RawPeer(port);
  half.socket.write(encodeAssociateRequest(associateRequest()).subarray(0, 50));
  await until(() => silent.isClosed && half.isClosed, 'close');
});

test('PS3.8 §9.1.5: ARTIM closes the connection of a peer that was rejected and stays', async (t) => {
  const { port } = await startDimseFixture(t, {
    artimTimeoutMs: 50,
    acceptedCallingAes: ['CT1'],
  });
  const peer = new RawPeer(port);
  peer.socket.write(encodeAssociateRequest(associateRequest()));
  assert.deepEqual([...(await peer.receive(10))], [3, 0, 0, 0, 0, 4, 0, 1, 1, 3]);
  await until(() => peer.isClosed, 'close');
});

test('an association without activity is aborted', async (t) => {
  const { associate, counters } = await startDimseFixture(t, { idleTimeoutMs: 50 });
  const scu = await associate();
  await scu.closed;
  assert.deepEqual(scu.abortCause, { by: 'peer', source: 0, reason: 0 });
  assert.deepEqual(counters.ends, ['aborted-by-us']);
});

test('PS3.8 §9.3.4: rejections for AE titles, the limit of associations, and congestion', async (t) => {
  const fixture = await startDimseFixture(t, {
    checkCalledAe: true,
    acceptedCallingAes: ['TESTSCU'],
    associationsMax: 1,
  });
  const { associate } = fixture;
  assert.deepEqual(await rejectionOf(associate({ calledAeTitle: 'X' })), {
    result: 1,
    source: 1,
    reason: 7,
  });
  assert.deepEqual(await rejectionOf(associate({ callingAeTitle: 'X' })), {
    result: 1,
    source: 1,
    reason: 3,
  });
  fixture.setCongested(true);
  assert.deepEqual(await rejectionOf(associate()), { result: 2, source: 3, reason: 1 });
  const waiting = associate();
  await until(() => fixture.waitingCount === 2, 'an association that waits for space');
  fixture.setCongested(false);
  const scu = await waiting;
  assert.deepEqual(await rejectionOf(associate()), { result: 2, source: 3, reason: 2 });
  await scu.release();
  await until(() => fixture.service.associationCount === 0, 'end');
  await (await associate()).release();
});

test('connections are limited in total and per address', async (t) => {
  const { port } = await startDimseFixture(t, { connectionsPerAddressMax: 2 });
  const peers = [new RawPeer(port), new RawPeer(port)];
  await until(() => peers.every(({ socket }) => !socket.connecting), 'connect');
  await new Promise((resolve) => setTimeout(resolve, 20));
  const refused = new RawPeer(port);
  await until(() => refused.isClosed, 'refusal');
  assert.ok(peers.every(({ isClosed }) => !isClosed));
});

test('PS3.7 §9.1.1: a failure is answered with status, comment and offending element', async (t) => {
  const { associate, store } = await startDimseFixture(t);
  store.failure = new GantryError('identifier-missing', 'StudyInstanceUID (0020,000D)');
  const scu = await associate();
  const { status, command } = await scu.store(scu.prepareStore(instance()));
  assert.equal(status, 0xa900);
  assert.equal(command.errorComment, 'StudyInstanceUID (0020,000D)');
  assert.deepEqual(command.offendingElement, [0x0020000d]);
  store.failure = undefined;
  assert.equal((await scu.store(scu.prepareStore(instance()))).status, 0);
  await scu.release();
});

test('PS3.4 §B.2.3: a store that admits no further sender refuses the instance, not the association', async (t) => {
  const { associate, store } = await startDimseFixture(t);
  store.admissionError = new GantryError('out-of-resources', 'too many uploads are in progress');
  const scu = await associate();
  assert.equal((await scu.store(scu.prepareStore(instance(300_000)))).status, 0xa700);
  store.admissionError = undefined;
  assert.equal((await scu.store(scu.prepareStore(instance()))).status, 0);
  await scu.release();
});

test('PS3.7 §9.1.1: requests that are refused read past their data set', async (t) => {
  const { associate, store } = await startDimseFixture(t);
  const scu = await associate();
  const contextId = scu.contextFor(ctImageStorage).contextId;
  const withoutUid = await scu.store(scu.prepareStore(instance(300_000, 'x/../y')));
  assert.equal(withoutUid.status, 0xa900);
  const noData = await scu.request(contextId, {
    commandField: 1,
    commandDataSetType: 0x0101,
    affectedSopClassUid: ctImageStorage,
    affectedSopInstanceUid: '2.25.1',
  });
  assert.equal(noData.status, 0xc000);
  const unknown = await scu.request(contextId, { commandField: 0x140, commandDataSetType: 0x0101 });
  assert.equal(unknown.status, 0x0211);
  const otherClass = await scu.request(contextId, {
    commandField: 1,
    commandDataSetType: 0x0101,
    affectedSopClassUid: '1.2.840.10008.5.1.4.1.1.4',
    affectedSopInstanceUid: '2.25.1',
  });
  assert.equal(otherClass.status, 0xa900);
  const echo = await scu.request(contextId, { commandField: 0x30, commandDataSetType: 0x0101 });
  assert.equal(echo.status, 0x0122);
  assert.equal((await scu.store(scu.prepareStore(instance()))).status, 0);
  assert.equal(store.instances.length, 1);
  await scu.release();
});

/** The first PDUs of a C-STORE: its command and a part of its data set. */
function beginOfStore(scu: DicomScu): Buffer {
  const prepared = scu.prepareStore(instance(1_000_000));
  prepared.setMessageId(1);
  return prepared.bytes.subarray(0, 400_000);
}

test('PS3.4 §B.2.2: an abort in the middle of a C-STORE drops that instance only', async (t) => {
  const { associate, store, counters } = await startDimseFixture(t);
  const scu = await associate();
  assert.equal((await scu.store(scu.prepareStore(instance()))).status, 0);
  scu.sendRaw(beginOfStore(scu));
  await until(() => store.bytesReceived > 100_000, 'data');
  await scu.abort().catch(() => undefined);
  await until(() => store.closedCount === 1, 'end');
  assert.equal(store.abandonedCount, 1);
  assert.equal(store.instances.length, 1);
  assert.equal(counters.ends.length, 1);
});

test('a connection lost in the middle of a C-STORE drops that instance only', async (t) => {
  const { associate, store, counters } = await startDimseFixture(t);
  const scu = await associate();
  scu.sendRaw(beginOfStore(scu));
  await until(() => store.bytesReceived > 100_000, 'data');
  await scu.destroy();
  await until(() => store.closedCount === 1, 'end');
  assert.equal(store.abandonedCount, 1);
  assert.deepEqual(counters.ends, ['connection-lost']);
});

test('PS3.8 §9.3.5: data on an unknown context aborts with invalid parameter value', async (t) => {
  const { associate, store } = await startDimseFixture(t);
  const scu = await associate();
  scu.sendRaw(dataTransferPdu([{ contextId: 99, control: 3, bytes: Buffer.from('xx') }]));
  await scu.closed;
  assert.deepEqual(scu.abortCause, { by: 'peer', source: 2, reason: 6 });
  assert.equal(store.sessions.length, 0);
});

test('PS3.8 Annex E: interleaved command and data set abort the association', async (t) => {
  const { associate, store } = await startDimseFixture(t);
  const command = encodeCommandSet({
    affectedSopClassUid: ctImageStorage,
    commandField: 1,
    messageId: 1,
    commandDataSetType: 0,
    affectedSopInstanceUid: '2.25.1',
  });
  const cases = [
    [{ control: 2, bytes: Buffer.from('data first') }],
    [
      { control: 3, bytes: command },
      { control: 0, bytes: Buffer.from('data') },
      { control: 3, bytes: command },
    ],
    [{ control: 3, bytes: Buffer.from('no command set') }],
  ];
  for (const pdvs of cases) {
    const scu = await associate();
    const { contextId } = scu.contextFor(ctImageStorage);
    scu.sendRaw(dataTransferPdu(pdvs.map((pdv) => ({ contextId, ...pdv }))));
    await scu.abort().catch(() => undefined);
  }
  await until(() => store.closedCount === store.sessions.length, 'end');
  assert.equal(store.abandonedCount, 1);
});

test('back-pressure: a store that is full stops the sender until it drains', async (t) => {
  const { associate, store } = await startDimseFixture(t);
  store.capacityBytes = 1024 * 1024;
  store.isKeeping = false;
  const scu = await associate();
  const length = 64 * 1024 * 1024;
  const response = scu.store(scu.prepareStore(instance(length)));
  await until(() => (store.sessions[0]?.heldBytes ?? 0) >= store.capacityBytes, 'full');
  await new Promise((resolve) => setTimeout(resolve, 50));
  const held = store.sessions[0]?.heldBytes ?? 0;
  // What had been read when the store said no still arrives: no more than one read buffer.
  assert.ok(held < store.capacityBytes + 512 * 1024, `${held} bytes held`);
  let isAnswered = false;
  void response.then(() => {
    isAnswered = true;
  });
  while (!isAnswered) {
    store.sessions[0]?.drain();
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal((await response).status, 0);
  assert.equal(store.bytesReceived, length);
  await scu.release();
});

test('PS3.7 §D.3.3.3: several C-STOREs may be outstanding, and a release waits for them', async (t) => {
  const { associate, store } = await startDimseFixture(t, { operationsInvokedMax: 4 });
  let open = (): void => undefined;
  store.gate = new Promise((resolve) => {
    open = resolve;
  });
  const scu = await associate({ operationsInvokedMax: 0 });
  assert.equal(scu.accept.userInformation.asynchronousOperationsWindow?.operationsInvokedMax, 4);
  const responses = Array.from({ length: 10 }, (_, index) =>
    scu.store(scu.prepareStore(instance(100_000, `2.25.${index}`))),
  );
  const released = scu.release();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(store.instances.length, 0);
  open();
  for (const response of responses) assert.equal((await response).status, 0);
  await released;
  assert.equal(store.instances.length, 10);
});

test('PS3.8 §7.2: a release waits for a C-STORE also after an echo with a data set', async (t) => {
  const { associate, store } = await startDimseFixture(t);
  let open = (): void => undefined;
  store.gate = new Promise((resolve) => {
    open = resolve;
  });
  const scu = await associate();
  const { contextId } = scu.contextFor(ctImageStorage);
  const echo = scu.request(contextId, { commandField: 0x30, commandDataSetType: 0 });
  scu.sendRaw(dataTransferPdu([{ contextId, control: 2, bytes: Buffer.alloc(8) }]));
  assert.equal((await echo).status, 0x0122);
  const response = scu.store(scu.prepareStore(instance()));
  const released = scu.release();
  await until(() => store.closedCount === 1 || store.bytesReceived > 0, 'instance');
  open();
  assert.equal((await response).status, 0);
  await released;
});

test('stop: the operation in progress is answered, then the association is aborted', async (t) => {
  const { associate, store, service } = await startDimseFixture(t);
  let open = (): void => undefined;
  store.gate = new Promise((resolve) => {
    open = resolve;
  });
  const idle = await associate();
  const busy = await associate();
  const response = busy.store(busy.prepareStore(instance()));
  await until(() => store.bytesReceived > 0, 'data');
  const stopped = service.stop(5_000);
  await idle.closed;
  await assert.rejects(associate());
  open();
  assert.equal((await response).status, 0);
  await stopped;
  await busy.closed;
  assert.deepEqual(busy.abortCause, { by: 'peer', source: 0, reason: 0 });
});

test('stop: what hangs is aborted when the grace is over', async (t) => {
  const { associate, store, service } = await startDimseFixture(t);
  const scu = await associate();
  scu.sendRaw(beginOfStore(scu));
  await until(() => store.bytesReceived > 100_000, 'data');
  await service.stop(50);
  await scu.closed;
  assert.equal(store.abandonedCount, 1);
});

test('an instance produced while it is sent arrives whole', async (t) => {
  const { associate, store } = await startDimseFixture(t);
  const scu = await associate({ pduBytesMax: 16_384 });
  const chunk = Buffer.alloc(100_001, 7);
  const chunks = Array.from({ length: 30 }, () => chunk);
  const response = await scu.storeStream(instance(), chunks);
  assert.equal(response.status, 0);
  assert.ok(store.instances[0]?.bytes.equals(Buffer.concat(chunks)));
  await scu.release();
});

test('a peer that sends echoes and reads no answer is not served without end', async (t) => {
  const { port, counters } = await startDimseFixture(t);
  const peer = new RawPeer(port);
  const verification = '1.2.840.10008.1.1';
  const context = { contextId: 1, abstractSyntaxUid: verification };
  const presentationContexts = [{ ...context, transferSyntaxUids: ['1.2.840.10008.1.2'] }];
  peer.socket.write(encodeAssociateRequest(associateRequest({ presentationContexts })));
  await until(() => counters.accepted === 1, 'association');
  peer.socket.pause();
  const bytes = encodeCommandSet({
    affectedSopClassUid: verification,
    commandField: 0x30,
    messageId: 1,
    commandDataSetType: 0x0101,
  });
  const pdu = dataTransferPdu([{ contextId: 1, control: 3, bytes }]);
  const batch = Buffer.concat(Array.from({ length: 10_000 }, () => pdu));
  const batchCount = 60;
  for (let i = 0; i < batchCount; i++) peer.socket.write(batch);
  let served = -1;
  while (served !== counters.operations.length) {
    served = counters.operations.length;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.ok(served < batchCount * 10_000, `${served} served`);
  peer.socket.destroy();
});

test('associations that end in every way leave nothing behind', async (t) => {
  const { associate, service, counters, store } = await startDimseFixture(t);
  for (let round = 0; round < 100; round++) {
    const scu = await associate();
    if (round % 4 >= 2) scu.sendRaw(beginOfStore(scu));
    if (round % 4 === 0) await scu.release();
    else if (round % 4 === 3) await scu.destroy();
    else await scu.abort();
  }
  await until(() => counters.ends.length === 100, 'all ends');
  assert.equal(service.associationCount, 0);
  assert.equal(store.closedCount, store.sessions.length);
});

test('PS3.8 §D.1: PDUs of 4 KiB and of a whole instance are taken from peers that keep to what was announced', async (t) => {
  for (const [maximumLengthBytes, pduBytesMax] of [
    [4096, 128 * 1024],
    [0, 32 * 1024 * 1024],
  ] as const) {
    const { associate, store } = await startDimseFixture(t, { maximumLengthBytes });
    const scu = await associate({ pduBytesMax });
    assert.equal(scu.accept.userInformation.maximumLengthBytes, maximumLengthBytes);
    const sent = instance(20 * 1024 * 1024);
    assert.equal((await scu.store(scu.prepareStore(sent))).status, 0);
    assert.ok(store.instances[0]?.bytes.equals(sent.dataSet));
    await scu.release();
  }
});
