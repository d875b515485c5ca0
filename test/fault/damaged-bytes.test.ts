import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { acceptStoredInstances, retrieve, splitParts, stow } from '../helpers/dicomweb-client.js';
import { buildCtInstance, type BuiltInstance } from '../helpers/instance-builder.js';
import { withServer } from '../helpers/server.js';

const instancePath = (one: BuiltInstance): string =>
  `studies/${one.studyInstanceUid}/series/${one.seriesInstanceUid}/instances/${one.sopInstanceUid}`;

test('a flipped bit costs the instance it is in, and nothing else', async () => {
  const args = ['--store-small-blob-bytes-max', '0'];
  await withServer(
    async (server) => {
      const instances = [1, 2, 3].map((number) => buildCtInstance('8', number));
      const [, damaged] = instances as [BuiltInstance, BuiltInstance, BuiltInstance];
      const files = instances.map(({ part10 }) => part10);
      assert.equal((await stow(server.dicomwebUrl, files)).status, 200);
      flipBit(join(server.dataDir, 'segments', '00000001.seg'), damaged.part10, -100);

      const url = `${server.dicomwebUrl}/${instancePath(damaged)}`;
      const headers = { accept: 'multipart/related; type=application/octet-stream' };
      const frame = await fetch(`${url}/frames/1`, { headers });
      assert.equal(frame.status, 500);
      assert.match(await frame.text(), /damaged/);
      const whole = await fetch(url, { headers: { accept: acceptStoredInstances } });
      assert.equal(whole.status, 500);

      assert.equal((await fetch(`${url}/metadata`)).status, 200);
      for (const sound of instances.filter((one) => one !== damaged)) {
        const [part] = await retrieve(
          server.dicomwebUrl,
          instancePath(sound),
          acceptStoredInstances,
        );
        assert.ok(part?.body.equals(sound.part10));
      }
      const seriesUrl = url.slice(0, url.indexOf('/instances/'));
      const series = await fetch(seriesUrl, { headers: { accept: acceptStoredInstances } });
      assert.equal(series.status, 206);
      const contentType = series.headers.get('content-type')!;
      const parts = splitParts(Buffer.from(await series.arrayBuffer()), contentType);
      assert.deepEqual(
        parts.map(({ body }) => instances.findIndex(({ part10 }) => part10.equals(body))),
        [0, 2],
      );

      const metrics = await (await fetch(`${server.httpUrl}/metrics`)).text();
      assert.match(metrics, /^gantry_damaged_reads_total [1-9]/m);
      assert.match(server.output(), /stored bytes are damaged/);
      assert.ok(server.output().includes(damaged.sopInstanceUid));
    },
    { args },
  );
});

/** Flips a bit of `bytes` where they lie in the file; a negative position counts from their end. */
function flipBit(path: string, bytes: Buffer, position: number): void {
  const start = readFileSync(path).indexOf(bytes);
  assert.ok(start >= 0);
  const at = position < 0 ? bytes.length + position : position;
  const fd = openSync(path, 'r+');
  writeSync(fd, Buffer.of(bytes[at]! ^ 16), 0, 1, start + at);
  closeSync(fd);
}
