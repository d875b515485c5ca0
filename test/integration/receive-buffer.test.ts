import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { limitReceiveBuffers } from '#native-bindings/libc/receive-buffer.js';

/** Less than what the kernel begins with. */
const limitBytes = 32 * 1024;
const sentBytes = 32 * 1024 * 1024;

test('the kernel receives no more ahead than it was told to, on every connection of the port', async (t) => {
  const port = await listen(t);
  await limitReceiveBuffers(port, limitBytes);
  const aheadBytes = [await bytesReceivedAhead(t, port), await bytesReceivedAhead(t, port)];
  assert.ok(Math.max(...aheadBytes) <= limitBytes, `${aheadBytes.join()} bytes`);
});

test('without a limit it receives more', async (t) => {
  const aheadBytes = await bytesReceivedAhead(t, await listen(t));
  assert.ok(aheadBytes > limitBytes, `${aheadBytes} bytes`);
});

test('a port that nobody here listens on is an error', async (t) => {
  const port = await listen(t, (server) => void server.close());
  await assert.rejects(limitReceiveBuffers(port, limitBytes), /no socket listens/);
});

/** A server that takes connections and reads nothing. */
async function listen(
  t: TestContext,
  onListening: (server: Server) => void = () => undefined,
): Promise<number> {
  const server = createServer({ pauseOnConnect: true }, (socket) =>
    t.after(() => socket.destroy()),
  );
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  t.after(() => server.close());
  onListening(server);
  return address.port;
}

/** What lies in the kernel for a server that reads nothing, once no more comes. */
async function bytesReceivedAhead(t: TestContext, port: number): Promise<number> {
  const client = connect(port, '127.0.0.1');
  t.after(() => client.destroy());
  client.write(Buffer.alloc(sentBytes));
  await new Promise<void>((resolve) => void client.once('connect', resolve));
  const { localPort } = client;
  let before = -1;
  for (;;) {
    await delay(100);
    const now = unreadBytes(port, localPort ?? 0);
    if (now > 0 && now === before) return now;
    before = now;
  }
}

/** The receive queue of a connection between two ports of this machine: proc(5), `tx_queue:rx_queue` of /proc/net/tcp. */
function unreadBytes(localPort: number, remotePort: number): number {
  const [local, remote] = [localPort, remotePort].map((port) =>
    port.toString(16).toUpperCase().padStart(4, '0'),
  );
  const row = readFileSync('/proc/self/net/tcp', 'latin1')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .find((columns) => columns[1]?.endsWith(`:${local}`) && columns[2]?.endsWith(`:${remote}`));
  return parseInt(row?.[4]?.split(':')[1] ?? '0', 16);
}
