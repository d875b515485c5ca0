import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { GantryError } from '#engine/base/error-catalogue.js';
import { startDimseFixture, until } from '#test/helpers/dimse-fixture.js';
import type { DimseFixture } from '#test/helpers/dimse-fixture.js';
import { QueryScu } from '#test/helpers/query-retrieve-scu.js';

const ct = '1.2.840.10008.5.1.4.1.1.2';
const jpeg2000 = '1.2.840.10008.1.2.4.90';

interface MoveFixture {
  readonly source: DimseFixture;
  readonly destination: DimseFixture;
  readonly scu: QueryScu;
}

/** A source with a study of `count` instances, every other one compressed, and a destination with a store in memory. */
async function start(t: TestContext, count = 4): Promise<MoveFixture> {
  const destination = await startDimseFixture(t);
  const source = await startDimseFixture(t, {}, [
    { aeTitle: 'DEST', host: '127.0.0.1', port: destination.port },
    { aeTitle: 'GONE', host: '127.0.0.1', port: await closedPort() },
  ]);
  for (let number = 0; number < count; number++) {
    await source.archive.add({
      elements: {
        ...{ StudyInstanceUID: '1.1', SeriesInstanceUID: '1.1.1', SOPClassUID: ct },
        SOPInstanceUID: `1.1.1.${number}`,
      },
      ...(number % 2 === 1 && {
        transferSyntaxUid: jpeg2000,
        pixelData: { frames: [Buffer.alloc(1000, number)] },
      }),
    });
  }
  return { source, destination, scu: await QueryScu.associate(t, source.port) };
}

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const wholeStudy = { '00080052': 'STUDY', '0020000D': '1.1' };

test('PS3.4 §C.4.2: a study goes to its destination on one association, as stored', async (t) => {
  const { source, destination, scu } = await start(t);
  const answer = await scu.move(wholeStudy);
  assert.equal(answer.status, 0);
  assert.equal(answer.command.numberOfCompletedSuboperations, 4);
  assert.equal(answer.identifier, undefined);
  assert.equal(destination.counters.accepted, 1);
  assert.equal(destination.store.instances.length, 4);
  for (const { description, bytes } of destination.store.instances) {
    assert.ok(bytes.equals(source.archive.dataSetOf(description.sopInstanceUid)));
    assert.equal(description.callingAeTitle, 'GANTRY');
  }
});

test('PS3.4 §C.4.2: moves one after the other share an association, which is released when none follows', async (t) => {
  const { destination, scu } = await start(t, 2);
  for (let time = 1; time <= 3; time++) assert.equal((await scu.move(wholeStudy)).status, 0);
  assert.equal(destination.counters.accepted, 1);
  assert.equal(destination.store.instances.length, 6);
  await until(() => destination.counters.ends.length === 1, 'release');
  assert.deepEqual(destination.counters.ends, ['released']);
});

test('PS3.4 §C.4.2.1.5: an unknown destination is A801', async (t) => {
  const { scu } = await start(t, 1);
  const answer = await scu.move(wholeStudy, { moveDestination: 'NOBODY' });
  assert.equal(answer.status, 0xa801);
  assert.match(answer.command.errorComment ?? '', /destination/);
});

test('PS3.4 §C.4.2.1.5: a destination that cannot be reached fails every sub-operation', async (t) => {
  const { scu } = await start(t, 3);
  const answer = await scu.move(wholeStudy, { moveDestination: 'GONE' });
  assert.equal(answer.status, 0xa702);
  assert.equal(answer.command.numberOfFailedSuboperations, 3);
  assert.equal(answer.identifier?.['00080058']?.Value?.length, 3);
  assert.match(answer.command.errorComment ?? '', /ECONNREFUSED/);
});

test('PS3.4 §C.4.2.1.5: what the destination refuses is counted and listed', async (t) => {
  const { destination, scu } = await start(t, 2);
  destination.store.failure = new GantryError('out-of-resources');
  const answer = await scu.move(wholeStudy);
  assert.equal(answer.status, 0xa702);
  assert.deepEqual(answer.identifier?.['00080058']?.Value, ['1.1.1.0', '1.1.1.1']);
  assert.match(answer.command.errorComment ?? '', /a700/);
});

test('PS3.4 §C.4.2: nothing to move is a success without an association', async (t) => {
  const { destination, scu } = await start(t, 1);
  const answer = await scu.move({ ...wholeStudy, '0020000D': '1.9' });
  assert.equal(answer.status, 0);
  assert.equal(answer.command.numberOfCompletedSuboperations, 0);
  assert.equal(destination.counters.accepted, 0);
});

test('PS3.4 §C.4.2.3.1: pending responses count, and C-CANCEL ends with FE00', async (t) => {
  const { source, destination, scu } = await start(t, 20);
  let readCount = 0;
  source.archive.beforeRead = async () => {
    readCount++;
    await new Promise((resolve) => setTimeout(resolve, 200));
  };
  const answer = await scu.move(wholeStudy, { onPending: (_count, cancel) => cancel() });
  assert.equal(answer.status, 0xfe00);
  assert.ok(readCount < 20);
  const [first] = answer.pending;
  assert.equal(first?.command.status, 0xff00);
  const { command } = answer;
  assert.equal(
    (command.numberOfCompletedSuboperations ?? 0) + (command.numberOfRemainingSuboperations ?? 0),
    20,
  );
  assert.equal(destination.store.instances.length, command.numberOfCompletedSuboperations);
  await until(() => destination.counters.ends.length === 1, 'release');
});
