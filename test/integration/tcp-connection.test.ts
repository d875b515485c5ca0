import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { connectTcp } from '#engine/transport/tcp-connector.js';
import type { TcpConnection } from '#engine/transport/tcp-connection.js';
import { TcpListener } from '#engine/transport/tcp-listener.js';
import { until } from '#test/helpers/dimse-fixture.js';

/** Both ends of a TCP connection, and what each has heard. */
interface Pair {
  readonly ends: readonly [End, End];
}

class End {
  readonly connection: TcpConnection;
  received = '';
  readonly memories = new Set<ArrayBufferLike>();
  closedCount = 0;

  constructor(connection: TcpConnection) {
    this.connection = connection;
  }

  readonly receiver = {
    onData: (chunk: Buffer): void => {
      this.received += chunk.toString('latin1');
      this.memories.add(chunk.buffer);
    },
    onDrain: (): void => undefined,
    onClose: (): void => {
      this.closedCount++;
    },
  };
}

async function openPair(t: TestContext): Promise<Pair> {
  let accepted: End | undefined;
  const listener = new TcpListener({
    connectionsMax: 10,
    connectionsPerAddressMax: 10,
    onConnection: (connection) => {
      accepted = new End(connection);
      return accepted.receiver;
    },
    onRefused: () => undefined,
  });
  const port = await listener.listen('127.0.0.1', 0);
  t.after(() => listener.destroyAll());
  const connection = await connectTcp({ host: '127.0.0.1', port, timeoutMs: 5_000 });
  const end = new End(connection);
  connection.attach(end.receiver);
  await until(() => accepted !== undefined, 'the connection');
  assert.ok(accepted);
  return { ends: [end, accepted] };
}

test('every read of both ends goes to the same memory', async (t) => {
  const { ends } = await openPair(t);
  const [near, far] = ends;
  const other = await openPair(t);
  for (const [from, to] of [ends, [far, near], other.ends] as const) {
    for (const text of ['one', 'two']) {
      const length = to.received.length + text.length;
      from.connection.write(Buffer.from(text));
      await until(() => to.received.length === length, text);
    }
    assert.equal(to.received, 'onetwo');
  }
  const memories = [near, far, other.ends[1]].flatMap((end) => [...end.memories]);
  assert.equal(new Set(memories).size, 1);
});

test('a connection that is paused reads nothing until it is resumed', async (t) => {
  const { ends } = await openPair(t);
  const [near, far] = ends;
  far.connection.pause();
  near.connection.write(Buffer.from('later'));
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(far.received, '');
  far.connection.resume();
  await until(() => far.received === 'later', 'what was sent meanwhile');
});

test('both ends hear once that the connection has closed, after what was written', async (t) => {
  const { ends } = await openPair(t);
  const [near, far] = ends;
  near.connection.write(Buffer.from('bye'));
  near.connection.close();
  await until(() => near.closedCount === 1 && far.closedCount === 1, 'the end');
  assert.equal(far.received, 'bye');
  assert.equal(far.connection.remoteAddress, '127.0.0.1');
});
