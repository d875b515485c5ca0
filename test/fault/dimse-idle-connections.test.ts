import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { DicomScu } from '#test/helpers/dicom-scu.js';
import { implicitVrLittleEndian, verification } from '#test/helpers/dimse-fixture.js';
import { withServer } from '#test/helpers/server.js';
import type { TestServer } from '#test/helpers/server.js';
import { until } from '#test/helpers/wait.js';

const wantedCount = 10_000;
/** File descriptors of this process that are not connections. */
const otherDescriptors = 500;
const openedAtOnce = 250;
/** Memory that a connection without an association may cost the server. */
const bytesPerConnectionMax = 24 * 1024;

/** As many as are wanted, or as the system lets one process open. */
function connectionCount(t: TestContext): number {
  const limits = readFileSync('/proc/self/limits', 'latin1');
  const limit = Number(/Max open files +\d+ +(\d+)/.exec(limits)?.[1] ?? 0);
  const count = Math.min(wantedCount, limit - otherDescriptors);
  if (count < wantedCount) t.diagnostic(`ONLY ${count} CONNECTIONS: raise the limit of open files`);
  return count;
}

function residentBytes({ process: { pid } }: TestServer): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
}

/** Connections that say nothing, from an address of their own. */
class IdleConnections {
  readonly #sockets: Socket[] = [];
  openCount = 0;

  async open(port: number, count: number): Promise<void> {
    for (let opened = 0; opened < count; opened += openedAtOnce) {
      const length = Math.min(openedAtOnce, count - opened);
      await Promise.all(Array.from({ length }, () => this.#open(port)));
    }
  }

  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #open(port: number): Promise<void> {
    const socket = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' });
    this.#sockets.push(socket);
    socket.on('error', () => undefined);
    socket.resume();
    return new Promise((resolve, reject) => {
      socket.once('connect', () => {
        this.openCount++;
        socket.once('close', () => this.openCount--);
        resolve();
      });
      socket.once('error', reject);
    });
  }
}

/** An association from another address works from end to end. */
async function echo(port: number): Promise<number> {
  const scu = await DicomScu.associate({
    ...{ host: '127.0.0.1', port },
    contexts: [{ abstractSyntaxUid: verification, transferSyntaxUids: [implicitVrLittleEndian] }],
  });
  const { status } = await scu.echo();
  await scu.release();
  return status;
}

async function withIdle(
  args: readonly string[],
  body: (server: TestServer, idle: IdleConnections) => Promise<void>,
): Promise<void> {
  const idle = new IdleConnections();
  try {
    await withServer((server) => body(server, idle), { args });
  } finally {
    idle.destroy();
  }
}

test('10,000 connections that are opened and left cost little and harm nobody', async (t) => {
  const count = connectionCount(t);
  const args = ['--dimse-max-associations', '10000', '--dimse-artim-timeout-ms', '600000'];
  await withIdle(args, async (server, idle) => {
    assert.equal(await echo(server.dimsePort), 0);
    const bytesBefore = residentBytes(server);
    await idle.open(server.dimsePort, count);
    assert.equal(await echo(server.dimsePort), 0);
    assert.equal(idle.openCount, count);
    const bytesEach = (residentBytes(server) - bytesBefore) / count;
    assert.ok(bytesEach < bytesPerConnectionMax, `${Math.round(bytesEach)} bytes each`);
    idle.destroy();
    assert.equal(await echo(server.dimsePort), 0);
    assert.equal((await fetch(`${server.httpUrl}/readyz`)).status, 200);
  });
});

test('PS3.8 §9.1.5: connections without an association end with ARTIM', async () => {
  await withIdle(['--dimse-artim-timeout-ms', '1000'], async (server, idle) => {
    await idle.open(server.dimsePort, 100);
    await until(() => idle.openCount === 0, 'ARTIM to end them', 60_000);
    assert.equal(await echo(server.dimsePort), 0);
  });
});

test('connections beyond the limit of an address are closed at once, and other addresses are served', async () => {
  const args = ['--dimse-max-associations', '20', '--dimse-artim-timeout-ms', '600000'];
  await withIdle(args, async (server, idle) => {
    await idle.open(server.dimsePort, 500);
    await until(() => idle.openCount === 20, 'the others to be closed', 60_000);
    assert.equal(await echo(server.dimsePort), 0);
  });
});
