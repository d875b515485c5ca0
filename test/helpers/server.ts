import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.js';

const mainPath = fileURLToPath(new URL('../../src/main.js', import.meta.url));

export interface TestServer {
  readonly httpUrl: string;
  readonly dicomwebUrl: string;
  readonly httpPort: number;
  readonly dimsePort: number;
  readonly dataDir: string;
  readonly process: ChildProcess;
  /** What the server has written so far, log and standard error. */
  output(): string;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL; resolves when the process is gone. The data directory stays. */
  kill(): Promise<void>;
}

export interface TestServerOptions {
  readonly dataDir: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** A program, with its arguments, that becomes the server, such as `strace -D`. */
  readonly through?: readonly string[];
}

/** Starts the real server as a process of its own and waits until it is ready. */
export async function startServer(options: TestServerOptions): Promise<TestServer> {
  const [httpPort, dimsePort] = [await freePort(), await freePort()];
  const [program = process.execPath, ...words] = [...(options.through ?? []), process.execPath];
  const child = spawn(
    program,
    [
      ...words,
      mainPath,
      'serve',
      ...['--data-dir', options.dataDir],
      ...['--http-port', String(httpPort), '--dimse-port', String(dimsePort)],
      ...(options.args ?? []),
    ],
    { env: { ...process.env, ...options.env }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const httpUrl = `http://127.0.0.1:${httpPort}`;
  await waitUntilReady(httpUrl, child, () => output);
  return {
    httpUrl,
    dicomwebUrl: `${httpUrl}/dicom-web`,
    httpPort,
    dimsePort,
    dataDir: options.dataDir,
    process: child,
    output: () => output,
    stop: () => end(child, 'SIGTERM'),
    kill: async () => void (await end(child, 'SIGKILL')),
  };
}

/** Runs `body` with a server on an empty data directory, and removes both afterwards. */
export async function withServer(
  body: (server: TestServer) => Promise<void>,
  options: Omit<TestServerOptions, 'dataDir'> = {},
): Promise<void> {
  const server = await startTestServer(options);
  try {
    await body(server);
  } finally {
    await server.remove();
  }
}

/** A server on an empty data directory of its own. */
export interface OwnedServer extends TestServer {
  /** Stops the server and removes its directory. */
  remove(): Promise<void>;
}

/** Starts a server that several tests share. */
export async function startTestServer(
  options: Omit<TestServerOptions, 'dataDir'> = {},
): Promise<OwnedServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'gantry-test-'));
  const server = await startServer({ ...options, dataDir });
  const remove = async (): Promise<void> => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  return { ...server, remove };
}

async function waitUntilReady(
  httpUrl: string,
  child: ChildProcess,
  output: () => string,
): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    if (child.exitCode !== null) throw new Error(`the server ended early:\n${output()}`);
    const response = await fetch(`${httpUrl}/readyz`).catch(() => undefined);
    if (response?.status === 200) return;
    await delay(50);
  }
  child.kill('SIGKILL');
  throw new Error(`the server did not become ready:\n${output()}`);
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
  return child.exitCode;
}
