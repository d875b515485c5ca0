import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GantryError } from '#engine/base/error-catalogue.js';
import { limits } from '#engine/base/limits.js';
import { commandField, responseBit } from '#engine/dimse/command-set.js';
import { MessageReader } from '#engine/dimse/message-reader.js';
import type { ReceivedCommand } from '#engine/dimse/message-reader.js';
import { MessageWriter } from '#engine/dimse/message-writer.js';
import { OperationInvoker } from '#src/dimse/scu/operation-invoker.js';
import type { Operation } from '#src/dimse/scu/operation-invoker.js';
import { MemoryDataSetSource, withoutLength } from '#test/helpers/data-set-source.js';
import { until } from '#test/helpers/dimse-fixture.js';
import { recordPdus } from '#test/helpers/pdu-recorder.js';

const context = { contextId: 1, abstractSyntaxUid: '1.2', transferSyntaxUid: '1.2.840.10008.1.2' };
const echo: Operation = { context, command: { commandField: commandField.cEchoRequest } };
const store: Operation = { context, command: { commandField: commandField.cStoreRequest } };

/** An invoker whose messages are read back. */
class Bench {
  readonly sent: Buffer[] = [];
  readonly broken: GantryError[] = [];
  gate: Promise<void> | undefined;
  readonly invoker = new OperationInvoker({
    writer: new MessageWriter(4_096, (bytes) => this.sent.push(Buffer.from(bytes))),
    whenWritable: () => this.gate,
    responseTimeoutMs: 60_000,
    onBroken: (error) => this.broken.push(error),
  });

  /** Command fields and data set lengths of the whole messages that were sent. */
  messages(): [field: number, messageId: number | undefined, bytes: number][] {
    const messages: [number, number | undefined, number][] = [];
    const reader = new MessageReader({
      onCommand: (_, command) => messages.push([command.commandField, command.messageId, 0]),
      onDataSetFragment: (bytes) => (messages.at(-1)![2] += bytes.length),
      onDataSetEnd: () => undefined,
    });
    for (const event of recordPdus(this.sent)) {
      if (event.kind !== 'fragment') continue;
      reader.push(event.contextId, event.isCommand, event.isLast, event.bytes);
    }
    return messages;
  }

  respond(to: Operation, messageId: number, status: number): void {
    this.invoker.receiveResponse(responseTo(to, messageId, status), false);
  }
}

function responseTo(to: Operation, messageId: number, status: number): ReceivedCommand {
  return {
    commandField: to.command.commandField | responseBit,
    messageIdBeingRespondedTo: messageId,
    status,
  };
}

test('PS3.7 §8: responses find their operation whatever their order', async () => {
  const bench = new Bench();
  const first = bench.invoker.invoke(echo);
  const second = bench.invoker.invoke(echo);
  assert.equal(bench.invoker.activeCount, 2);
  bench.respond(echo, 2, 0x0122);
  bench.respond(echo, 1, 0);
  assert.equal((await first).status, 0);
  assert.equal((await second).status, 0x0122);
  assert.equal(bench.invoker.activeCount, 0);
});

test('PS3.7 §9.1.2: pending responses are passed on until the final one', async () => {
  const bench = new Bench();
  const seen: string[] = [];
  const find: Operation = {
    context,
    command: { commandField: commandField.cFindRequest },
    onPending: ({ status, dataSet }) =>
      seen.push(`${status.toString(16)} ${Buffer.from(dataSet ?? []).toString()}`),
  };
  const final = bench.invoker.invoke(find);
  for (const [status, text] of [
    [0xff00, 'a'],
    [0xff01, 'b'],
  ] as const) {
    const receiver = bench.invoker.receiveResponse(responseTo(find, 1, status), true);
    receiver?.write(Buffer.from(text));
    receiver?.end();
  }
  bench.respond(find, 1, 0);
  assert.equal((await final).status, 0);
  assert.deepEqual(seen, ['ff00 a', 'ff01 b']);
});

test('a response that nobody asked for is malformed', async () => {
  const bench = new Bench();
  const pending = bench.invoker.invoke(echo);
  const malformed = { code: 'malformed' };
  assert.throws(() => bench.respond(echo, 2, 0), malformed);
  assert.throws(() => bench.respond(store, 1, 0), malformed);
  bench.respond(echo, 1, 0);
  await pending;
  assert.throws(() => bench.respond(echo, 1, 0), malformed);
});

test('the data set of a response has a limit', () => {
  const bench = new Bench();
  bench.invoker.invoke(echo).catch(() => undefined);
  const receiver = bench.invoker.receiveResponse(responseTo(echo, 1, 0), true);
  receiver?.write(Buffer.alloc(limits.identifierBytesMax));
  assert.throws(() => receiver?.write(Buffer.alloc(1)), { code: 'limit-exceeded' });
  bench.invoker.close(new GantryError('aborted'));
});

test('PS3.8 Annex E: messages do not interleave, and wait for the peer to take them', async () => {
  const bench = new Bench();
  let open: () => void = () => undefined;
  bench.gate = new Promise((resolve) => {
    open = resolve;
  });
  const dataSet = new MemoryDataSetSource(Buffer.alloc(1_000_000));
  const streamed = bench.invoker.invoke({ ...store, dataSet });
  const behind = bench.invoker.invoke(echo);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(dataSet.readCount, 1);
  assert.deepEqual(bench.messages(), [[commandField.cStoreRequest, 1, 0]]);
  bench.gate = undefined;
  open();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(bench.messages(), [
    [commandField.cStoreRequest, 1, 1_000_000],
    [commandField.cEchoRequest, 2, 0],
  ]);
  bench.respond(store, 1, 0);
  bench.respond(echo, 2, 0);
  await Promise.all([streamed, behind]);
});

test('PS3.8 §E.2: without a length the last fragment is found by reading ahead of it', async () => {
  // Whole PDUs are 4,090 bytes, and those read at once 64 of them.
  for (const length of [0, 1, 4_090, 64 * 4_090, 64 * 4_090 + 2, 128 * 4_090]) {
    const bench = new Bench();
    const dataSet = withoutLength(new MemoryDataSetSource(Buffer.alloc(length), 10_000));
    const stored = bench.invoker.invoke({ ...store, dataSet });
    const last = (): readonly [boolean, number] | undefined =>
      recordPdus(bench.sent)
        .flatMap((event) => (event.kind === 'fragment' && !event.isCommand ? [event] : []))
        .map(({ isLast, bytes }) => [isLast, bytes.length] as const)
        .at(-1);
    await until(() => last()?.[0] === true, 'last fragment');
    assert.deepEqual(bench.messages(), [[commandField.cStoreRequest, 1, length]]);
    assert.equal(last()?.[1], length === 0 ? 0 : ((length - 1) % 4_090) + 1);
    bench.respond(store, 1, 0);
    await stored;
  }
});

test('when the association ends every operation is rejected, and none is sent any more', async () => {
  const bench = new Bench();
  const pending = bench.invoker.invoke(echo);
  bench.invoker.close(new GantryError('aborted', 'over'));
  await assert.rejects(pending, { code: 'aborted' });
  const sentBytes = Buffer.concat(bench.sent).length;
  await assert.rejects(bench.invoker.invoke(echo), { code: 'aborted' });
  assert.equal(Buffer.concat(bench.sent).length, sentBytes);
  assert.deepEqual(bench.broken, []);
});

test('message ids wrap around, leave out 0 and those in use', async () => {
  const bench = new Bench();
  const first = bench.invoker.invoke(echo);
  for (let id = 2; id <= 0xffff; id++) {
    const done = bench.invoker.invoke(echo);
    bench.respond(echo, id, 0);
    await done;
  }
  let next = 0;
  const wrapped = bench.invoker.invoke({ ...echo, onMessageId: (id) => (next = id) });
  assert.equal(next, 2);
  bench.respond(echo, 2, 0);
  bench.respond(echo, 1, 0);
  await Promise.all([first, wrapped]);
});
