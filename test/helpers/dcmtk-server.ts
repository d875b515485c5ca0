import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port.js';
import { temporaryDirectory } from './temporary-directory.js';

/** A server of DCMTK on loopback, stopped when the test ends. */
export interface DcmtkServer {
  readonly port: number;
  /** Where it keeps what it is sent. */
  readonly directory: string;
}

/** storescp: keeps the data sets bit by bit as they came. */
export async function startStorescp(
  t: TestContext,
  args: readonly string[] = [],
): Promise<DcmtkServer> {
  const directory = temporaryDirectory();
  const port = await freePort();
  await start(t, 'storescp', ['-od', directory, '+B', ...args, String(port)], port);
  return { port, directory };
}

/** dcmqrscp with the AE title ARCHIVE, which may move to the AE title GANTRY at `destinationPort`. */
export async function startDcmqrscp(t: TestContext, destinationPort: number): Promise<DcmtkServer> {
  const home = temporaryDirectory();
  const directory = join(home, 'archive');
  mkdirSync(directory);
  const port = await freePort();
  const configFile = join(home, 'dcmqrscp.cfg');
  writeFileSync(
    configFile,
    [
      `NetworkTCPPort = ${port}`,
      'MaxPDUSize = 16384',
      'MaxAssociations = 16',
      'HostTable BEGIN',
      `gantry = (GANTRY, 127.0.0.1, ${destinationPort})`,
      'HostTable END',
      'VendorTable BEGIN',
      'VendorTable END',
      'AETable BEGIN',
      `ARCHIVE ${directory} RW (200, 1024mb) ANY`,
      'AETable END',
      '',
    ].join('\n'),
  );
  await start(t, 'dcmqrscp', ['-c', configFile], port);
  return { port, directory };
}

async function start(
  t: TestContext,
  tool: string,
  args: readonly string[],
  port: number,
): Promise<void> {
  const child = spawn(tool, [...args], { env: { ...process.env, TCP_NODELAY: '1' } });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  t.after(async () => {
    if (child.exitCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  });
  for (let attempt = 0; attempt < 200; attempt++) {
    if (child.exitCode !== null) break;
    if (await isListening(port)) return;
    await delay(25);
  }
  throw new Error(`${tool} does not listen:\n${output}`);
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
