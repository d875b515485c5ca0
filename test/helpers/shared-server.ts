import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { startServer, type TestServer } from './server.js';

/** One server for all tests of a file, on an empty directory, after `prepare`; the function gives it to the tests. */
export function sharedServer(prepare: (server: TestServer) => Promise<void>): () => TestServer {
  let server: TestServer;
  let dataDir: string;
  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'gantry-test-'));
    server = await startServer({ dataDir });
    await prepare(server);
  });
  after(async () => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  });
  return () => server;
}
