import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { silentLogger } from '#engine/base/logger.js';
import { AssociationError } from '#src/dimse/scu/association-error.js';
import { defaultScuTimeouts, requestAssociation } from '#src/dimse/scu/association-requestor.js';
import type { RequestorOptions, ScuTimeouts } from '#src/dimse/scu/association-requestor.js';
import { echo } from '#src/dimse/scu/c-echo-scu.js';
import { storeInstance } from '#src/dimse/scu/c-store-scu.js';
import { MemoryDataSetSource } from '#test/helpers/data-set-source.js';
import {
  ctImageStorage,
  explicitVrLittleEndian,
  implicitVrLittleEndian,
  startDimseFixture,
  until,
  verification,
} from '#test/helpers/dimse-fixture.js';

function optionsFor(port: number, timeouts: Partial<ScuTimeouts> = {}): RequestorOptions {
  return {
    target: { host: '127.0.0.1', port, calledAeTitle: 'GANTRY', callingAeTitle: 'SCU' },
    proposal: {
      contexts: [
        { abstractSyntaxUid: verification, transferSyntaxUids: [implicitVrLittleEndian] },
        { abstractSyntaxUid: ctImageStorage, transferSyntaxUids: [explicitVrLittleEndian] },
      ],
    },
    timeouts: { ...defaultScuTimeouts, ...timeouts },
    maximumLengthBytes: 0,
    logger: silentLogger,
  };
}

/** A port that accepts connections and says `bytes`, or nothing. */
async function startMutePeer(t: TestContext, bytes?: Buffer): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.resume();
    if (bytes !== undefined) socket.write(bytes);
    t.after(() => socket.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.after(() => server.close());
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}

async function failureOf(promise: Promise<unknown>): Promise<AssociationError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof AssociationError, String(error));
  return error;
}

test('PS3.4 §B.2.1: the SCU streams instances longer than every buffer on the way', async (t) => {
  const { port, store } = await startDimseFixture(t);
  const association = await requestAssociation(optionsFor(port));
  const context = association.findContext(ctImageStorage);
  assert.ok(context);
  const bytes = Buffer.alloc(8_000_000, 'gantry');
  const { status } = await storeInstance(association, context, {
    sopClassUid: ctImageStorage,
    sopInstanceUid: '2.25.9',
    dataSet: new MemoryDataSetSource(bytes),
    moveOriginator: { aeTitle: 'MOVER', messageId: 4 },
  });
  assert.equal(status, 0);
  assert.ok(store.instances[0]?.bytes.equals(bytes));
  await association.release();
  assert.equal(association.isOpen, false);
  await assert.rejects(echo(association), { code: 'aborted' });
});

test('PS3.8 §9.3.4: a rejection names result, source and reason, and whether it is transient', async (t) => {
  const { port, setCongested } = await startDimseFixture(t, { checkCalledAe: true, aeTitle: 'X' });
  const permanent = await failureOf(requestAssociation(optionsFor(port)));
  assert.deepEqual(permanent.reject, { result: 1, source: 1, reason: 7 });
  assert.equal(permanent.isTransientReject, false);

  setCongested(true);
  const options = optionsFor(port);
  const target = { ...options.target, calledAeTitle: 'X' };
  const transient = await failureOf(requestAssociation({ ...options, target }));
  assert.deepEqual(transient.reject, { result: 2, source: 3, reason: 1 });
  assert.equal(transient.isTransientReject, true);
});

test('a peer that is not there, says nothing, or says something else is given up', async (t) => {
  const mute = await startMutePeer(t);
  const silent = await failureOf(
    requestAssociation(optionsFor(mute, { associateTimeoutMs: 50, releaseTimeoutMs: 50 })),
  );
  assert.equal(silent.code, 'timeout');
  const http = await startMutePeer(t, Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'));
  const garbled = await failureOf(requestAssociation(optionsFor(http, { releaseTimeoutMs: 50 })));
  assert.match(garbled.detail, /PDU type 72 is unknown/);
  const free = createServer().listen(0, '127.0.0.1');
  await until(() => free.listening, 'a free port');
  const address = free.address();
  assert.ok(address !== null && typeof address === 'object');
  await new Promise((resolve) => free.close(resolve));
  await assert.rejects(requestAssociation(optionsFor(address.port)), {
    code: 'peer-unavailable',
    detail: 'ECONNREFUSED',
  });
});

test('a response that does not come in time ends the association', async (t) => {
  const { port, store } = await startDimseFixture(t);
  store.gate = new Promise(() => undefined);
  const association = await requestAssociation(optionsFor(port, { responseTimeoutMs: 100 }));
  const context = association.findContext(ctImageStorage);
  assert.ok(context);
  const instance = {
    sopClassUid: ctImageStorage,
    sopInstanceUid: '2.25.9',
    dataSet: new MemoryDataSetSource(Buffer.alloc(100)),
  };
  await assert.rejects(storeInstance(association, context, instance), { code: 'timeout' });
  assert.equal(association.isOpen, false);
});

test('a data set whose source fails half way aborts the association, at its first bytes it does not', async (t) => {
  const { port, store, counters } = await startDimseFixture(t);
  const association = await requestAssociation(optionsFor(port));
  const context = association.findContext(ctImageStorage);
  assert.ok(context);
  const send = (failAt: number): Promise<unknown> =>
    storeInstance(association, context, {
      sopClassUid: ctImageStorage,
      sopInstanceUid: '2.25.9',
      dataSet: new MemoryDataSetSource(Buffer.alloc(2_000_000), undefined, failAt),
    });
  await assert.rejects(send(0), /source failed/);
  assert.equal((await echo(association)).status, 0);
  await assert.rejects(send(1_000_000));
  assert.equal(association.isOpen, false);
  await until(() => counters.ends.length === 1, 'end of the association');
  assert.deepEqual(counters.ends, ['aborted-by-peer']);
  assert.equal(store.instances.length, 0);
});
