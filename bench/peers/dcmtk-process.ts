import { execFileSync, spawn } from 'node:child_process';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { isLoopbackOnly } from './network-namespace.js';

const READY_TIMEOUT_MS = 10_000;
const READY_POLL_MS = 20;

/** Servers of DCMTK that the bench starts. */
export type DcmtkProgram = 'storescp' | 'dcmqrscp';

/** The first line of `--version`; undefined when DCMTK is not installed. */
export function findDcmtkVersion(program: DcmtkProgram): string | undefined {
  try {
    const printed = execFileSync(program, ['--version'], { encoding: 'utf8', stdio: 'pipe' });
    return printed.split('\n')[0];
  } catch {
    return undefined;
  }
}

/** A server of DCMTK that listens. */
export interface DcmtkProcess {
  readonly pid: number;
  /** Ends it with the processes of its associations, or they would hold the port. */
  stop(): Promise<void>;
}

/**
 * Starts a server of DCMTK, which forks a process for each association, and waits until it listens on `port`: on every interface, and
 * so it may run only where there is nothing but loopback.
 */
export async function startDcmtk(
  program: DcmtkProgram,
  args: readonly string[],
  port: number,
): Promise<DcmtkProcess> {
  if (!isLoopbackOnly())
    throw new Error(`${program} is started only where there is nothing but loopback`);
  const child = spawn(program, [...args], {
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
    await waitUntilListening(program, port);
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

async function waitUntilListening(program: DcmtkProgram, port: number): Promise<void> {
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
  throw new Error(`${program} does not listen`);
}
