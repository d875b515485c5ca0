import { Readable } from 'node:stream';
import { createInflateRaw } from 'node:zlib';

import { GantryError } from '#engine/base/error-catalogue.js';
import { limits } from '#engine/base/limits.js';
import type { Part10Reader } from '#engine/dicom/part10/part10-reader.js';
import type { ByteSource } from './byte-source.js';

const inflateChunkBytes = 64 * 1024;
/** Output that no ratio is asked of: small data sets may well be mostly padding. */
const inflatedBytesFree = 16 * 1024 * 1024;

/** Feeds all bytes of a source to a reader, leaping over what the reader does not need, and inflating what is deflated. */
export async function feedReader(reader: Part10Reader, source: ByteSource): Promise<void> {
  let position = 0;
  while (position < source.length && reader.deflatedFrom === undefined) {
    const skippable = Math.min(reader.skippableBytes, source.length - position);
    if (skippable > 0) {
      reader.skip(skippable);
      position += skippable;
    } else {
      const chunk = source.chunkAt(position);
      reader.push(chunk);
      position += chunk.length;
    }
  }
  if (reader.deflatedFrom !== undefined) await feedInflated(reader, source, reader.deflatedFrom);
  reader.end();
}

/** PS3.5 §A.5: the data set is one raw deflate stream. What follows its end is ignored. */
async function feedInflated(
  reader: Part10Reader,
  source: ByteSource,
  position: number,
): Promise<void> {
  const bytesMax = Math.min(
    limits.inflatedBytesMax,
    Math.max((source.length - position) * limits.inflateRatioMax, inflatedBytesFree),
  );
  const deflated = Readable.from(deflatedChunks(source, position), { highWaterMark: 1 });
  const inflate = createInflateRaw({ chunkSize: inflateChunkBytes });
  deflated.on('error', (error) => inflate.destroy(error));
  deflated.pipe(inflate);
  let inflatedBytes = 0;
  try {
    for await (const chunk of inflate as AsyncIterable<Uint8Array>) {
      inflatedBytes += chunk.length;
      if (inflatedBytes > bytesMax) {
        throw new GantryError('limit-exceeded', `more than ${bytesMax} inflated bytes`);
      }
      reader.push(chunk);
    }
  } catch (error) {
    throw toInflateError(error);
  } finally {
    deflated.destroy();
  }
}

function* deflatedChunks(source: ByteSource, start: number): Generator<Uint8Array> {
  for (let position = start; position < source.length;) {
    // A copy: the source's memory may be shared with other threads, and is its own again at the next call.
    const chunk = new Uint8Array(source.chunkAt(position).subarray(0, inflateChunkBytes));
    position += chunk.length;
    yield chunk;
  }
}

function toInflateError(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'Z_BUF_ERROR') {
    return new GantryError('truncated', 'inside the deflated data set', { cause: error });
  }
  if (code === 'Z_DATA_ERROR' || code === 'Z_NEED_DICT') {
    return new GantryError('malformed', 'the data set does not inflate', { cause: error });
  }
  return error;
}
