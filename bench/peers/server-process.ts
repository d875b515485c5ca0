import { type ChildProcess, spawn } from 'node:child_process';
import { openSync, closeSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { HttpConnection } from '../harness/http-connection.js';

/** How to start a server and know that it is ready. */
export interface ServerCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Gets what the server prints. */
  readonly logFile: string;
  readonly httpPort: number;
  /** Path that answers 200 once the server is ready. */
  readonly readyPath: string;
}

const READY_TIMEOUT_MS = 30_000;
const READY_POLL_MS = 50;
const STOP_TIMEOUT_MS = 30_000;
const CRASH_TIMEOUT_MS = 10_000;
const LOG_TAIL_CHARACTERS = 2000;

/** A child process that serves HTTP on loopback. */
export class ServerProcess {
  readonly #command: ServerCommand;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();

  private constructor(command: ServerCommand) {
    this.#command = command;
  }

  /**
   * Starts the server and waits until it is ready.
   *
   * @throws Error with the end of the server's log when it ends early or is not ready in 30 s
   */
  static async start(command: ServerCommand): Promise<ServerProcess> {
    const server = new ServerProcess(command);
    await server.#start();
    return server;
  }

  /** Of the process that ran last. */
  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Starts the server again where it ended by itself; returns whether it had. Throws as `start`. */
  async restartIfEnded(): Promise<boolean> {
    if (await answersOk(this.#command.httpPort, this.#command.readyPath)) return false;
    // A process that crashes may leave its core first.
    await Promise.race([this.#exited, delay(CRASH_TIMEOUT_MS)]);
    if (!this.#hasExited()) return false;
    await this.#start();
    return true;
  }

  async #start(): Promise<void> {
    const command = this.#command;
    const log = openSync(command.logFile, 'a');
    const child = spawn(command.file, [...command.args], {
      stdio: ['ignore', log, log],
      env: { ...process.env, ...command.environment },
    });
    closeSync(log);
    const failed = new Promise<never>((_, reject) => child.once('error', reject));
    failed.catch(() => undefined);
    if (child.pid === undefined) return failed;
    this.#child = child;
    this.#exited = new Promise((resolve) => child.once('exit', () => resolve()));
    try {
      await this.#waitUntilReady(command);
    } catch (error) {
      await this.stop();
      const tail = readLogTail(command.logFile);
      throw new Error(`${command.file} did not start; its log ends with:\n${tail}`, {
        cause: error,
      });
    }
  }

  /** Asks the process to end, and kills it if it has not after 30 s. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || this.#hasExited()) return;
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await this.#exited;
    clearTimeout(timer);
  }

  #hasExited(): boolean {
    return this.#child?.exitCode !== null || this.#child.signalCode !== null;
  }

  async #waitUntilReady(command: ServerCommand): Promise<void> {
    const deadlineMs = performance.now() + READY_TIMEOUT_MS;
    while (performance.now() < deadlineMs) {
      if (this.#hasExited()) throw new Error('the server process ended');
      if (await answersOk(command.httpPort, command.readyPath)) return;
      await delay(READY_POLL_MS);
    }
    throw new Error('the server was not ready in time');
  }
}

/** The end of what a server printed. */
export function readLogTail(logFile: string): string {
  return readFileSync(logFile, 'utf8').slice(-LOG_TAIL_CHARACTERS);
}

/** A TCP port of 127.0.0.1 that was free a moment ago. */
export function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('no TCP port'));
        else resolve(address.port);
      });
    });
  });
}

async function answersOk(port: number, target: string): Promise<boolean> {
  const connection = new HttpConnection(port);
  try {
    return (await connection.request({ method: 'GET', target, keepBody: false })).status === 200;
  } catch {
    return false;
  } finally {
    connection.close();
  }
}
