import { execFileSync, spawn } from 'node:child_process';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { isLoopbackOnly } from './network-namespace.js';

const READY_TIMEOUT_MS = 10_000;
const READY_POLL_MS = 20;

/** Whether DCMTK is installed. */
export function isStorescpInstalled(): boolean {
  try {
    execFileSync('storescp', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A storescp that listens. */
export interface RunningStorescp {
  readonly pid: number;
  /** Ends it with the processes of its associations, or they would hold the port. */
  stop(): Promise<void>;
}

export interface StorescpOptions {
  readonly aeTitle: string;
  readonly port: number;
  /** What to do with instances. */
  readonly args: readonly string[];
}

/**
 * Starts DCMTK's storescp with a process for each association. It listens on every interface, and so may run only where there is
 * nothing but loopback.
 */
export async function startStorescp({
  aeTitle,
  port,
  args,
}: StorescpOptions): Promise<RunningStorescp> {
  if (!isLoopbackOnly())
    throw new Error('storescp is started only where there is nothing but loopback');
  const common = ['--aetitle', aeTitle, '--max-pdu', '131072', '--fork'];
  const child = spawn('storescp', [...common, ...args, String(port)], {
    stdio: 'ignore',
    detached: true,
    env: { ...process.env, TCP_NODELAY: '1' },
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.once('error', () => undefined);
  const kill = (): void => killGroup(child.pid);
  process.once('exit', kill);
  const stop = async (): Promise<void> => {
    kill();
    process.off('exit', kill);
    await exited;
  };
  try {
    await waitUntilListening(port);
  } catch (error) {
    await stop();
    throw error;
  }
  return { pid: child.pid ?? 0, stop };
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
