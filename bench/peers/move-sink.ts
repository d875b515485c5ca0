import { execFileSync, spawn } from 'node:child_process';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { isLoopbackOnly } from './network-namespace.js';
import type { MoveDestination } from './peer.js';

const READY_TIMEOUT_MS = 10_000;
const READY_POLL_MS = 20;

/** Whether DCMTK is installed, whose storescp is what instances are moved to. */
export function isMoveSinkInstalled(): boolean {
  try {
    execFileSync('storescp', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * Runs `body` while DCMTK's storescp takes what is sent to the destination and drops it. It listens on every interface, and so may
 * run only where there is nothing but loopback. Each association has a process of its own; all of them end here, or they would
 * hold the port.
 */
export async function withMoveSink<Result>(
  { aeTitle, port }: MoveDestination,
  body: () => Promise<Result>,
): Promise<Result> {
  if (!isLoopbackOnly())
    throw new Error('storescp is started only where there is nothing but loopback');
  const args = ['--aetitle', aeTitle, '--ignore', '--max-pdu', '131072', '--fork', String(port)];
  const sink = spawn('storescp', args, {
    stdio: 'ignore',
    detached: true,
    env: { ...process.env, TCP_NODELAY: '1' },
  });
  const exited = new Promise<void>((resolve) => sink.once('exit', () => resolve()));
  sink.once('error', () => undefined);
  const kill = (): void => killGroup(sink.pid);
  process.once('exit', kill);
  try {
    await waitUntilListening(port);
    return await body();
  } finally {
    kill();
    process.off('exit', kill);
    await exited;
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

async function waitUntilListening(port: number): Promise<void> {
  const deadlineMs = performance.now() + READY_TIMEOUT_MS;
  while (performance.now() < deadlineMs) {
    const isListening = await new Promise<boolean>((resolve) => {
      const socket = connect({ host: '127.0.0.1', port }, () => resolve(true));
      socket.once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (isListening) return;
    await delay(READY_POLL_MS);
  }
  throw new Error('storescp does not listen');
}
