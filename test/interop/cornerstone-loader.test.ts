import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stow } from '#test/helpers/dicomweb-client.js';
import { FetchingXmlHttpRequest } from '#test/helpers/fetching-xml-http-request.js';
import { buildRetrieveFixture, syntaxes } from '#test/helpers/retrieve-fixtures.js';
import { withServer } from '#test/helpers/server.js';

/** A frame as the loader hands it to its decoders. */
interface LoadedFrame {
  readonly contentType: string;
  readonly pixelData: Uint8Array;
  readonly percentComplete?: number;
  readonly extractDone?: boolean;
  readonly done?: boolean;
}

/** Gives the first piece of a stream, and by its iterator every piece until all is there. */
interface LoadedStream extends Promise<LoadedFrame> {
  readonly iterator: AsyncIterable<LoadedFrame>;
}

type GetPixelData = (
  uri: string,
  imageId: string,
  mediaType: string | undefined,
  options: object,
) => Promise<LoadedFrame>;

const jpegLs = await buildRetrieveFixture({
  seed: '100',
  frameCount: 2,
  size: 400,
  transferSyntaxUid: syntaxes.jpegLs,
});
const native = await buildRetrieveFixture({ seed: '101', size: 300 });

const anySyntax = 'multipart/related; type=application/octet-stream; transfer-syntax=*';

async function loader(): Promise<GetPixelData> {
  Object.assign(globalThis, { XMLHttpRequest: FetchingXmlHttpRequest });
  const module = (await import('@cornerstonejs/dicom-image-loader/wadors/getPixelData')) as {
    default: unknown;
  };
  return module.default as GetPixelData;
}

test('the Cornerstone3D loader of npm takes frames whole, as streams and in ranges', async () => {
  const getPixelData = await loader();
  await withServer(async ({ dicomwebUrl }) => {
    assert.equal((await stow(dicomwebUrl, [jpegLs.part10, native.part10])).status, 200);
    for (const [fixture, uid] of [
      [jpegLs, syntaxes.jpegLs],
      [native, syntaxes.explicitVr],
    ] as const) {
      const uri = `${dicomwebUrl}/${fixture.path}/frames/1`;
      const type = `application/octet-stream; transfer-syntax=${uid}`;
      const whole = await getPixelData(uri, 'id', anySyntax, {});
      assert.equal(whole.contentType, type);
      assert.deepEqual(Buffer.from(whole.pixelData), fixture.stored[0]);

      const alone = await getPixelData(
        uri,
        'id',
        'application/octet-stream; transfer-syntax=*',
        {},
      );
      assert.equal(alone.contentType, type);
      assert.deepEqual(Buffer.from(alone.pixelData), fixture.stored[0]);

      const retrieveOptions = { streaming: true, initialChunkSize: 4_096, chunkSize: 16_384 };
      const stream = getPixelData(uri, 'id', anySyntax, { retrieveOptions }) as LoadedStream;
      let last: LoadedFrame | undefined;
      for await (const piece of stream.iterator) last = piece;
      assert.equal(last?.done, true);
      assert.equal(last.contentType, type);
      assert.deepEqual(Buffer.from(last.pixelData), fixture.stored[0]);

      // The first range of the loader, then the rest; it counts them over the envelope.
      const options = {
        streamingData: { url: uri },
        retrieveOptions: { rangeIndex: 0, chunkSize: 20_000, initialChunkSize: 20_000 },
      };
      const first = await getPixelData(uri, 'id', anySyntax, options);
      assert.equal(first.contentType, type);
      assert.ok(first.percentComplete! < 100);
      const rest = await getPixelData(uri, 'id', anySyntax, {
        ...options,
        retrieveOptions: { ...options.retrieveOptions, rangeIndex: -1 },
      });
      assert.equal(rest.extractDone, true);
      assert.deepEqual(Buffer.from(rest.pixelData), fixture.stored[0]);
    }
  });
});
