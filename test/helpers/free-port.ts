import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ports that systems give to outgoing connections (32768 and up on Linux), so that none takes the port before its server does. */
const lowestPort = 15_000;
const portCount = 17_000;

/** A TCP port of loopback that nobody listens on at the moment. Test files run side by side: each asks for ports at random. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = lowestPort + Math.floor(Math.random() * portCount);
    if (await isFree(port)) return port;
  }
  throw new Error('no free TCP port');
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer().listen(port, '127.0.0.1');
  try {
    await once(probe, 'listening');
  } catch {
    return false;
  }
  probe.close();
  await once(probe, 'close');
  return true;
}
