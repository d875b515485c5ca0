import type { Readable } from 'node:stream';
import busboy from 'busboy';
import { GantryError, toGantryError } from '#engine/base/error-catalogue.js';
import { limits } from '#engine/base/limits.js';
import type { RequestContext } from '#src/http/request-context.js';
import type { OpenPart, PartSink } from './receive-parts.js';

export const formMediaType = 'multipart/form-data';

/**
 * Receives what a browser's form or `curl -F` sends (RFC 7578): each file is a part, fields are passed over. Resolves as
 * `receiveParts` does.
 */
export async function receiveForm(
  context: RequestContext,
  openPart: OpenPart,
): Promise<GantryError | undefined> {
  const form = openForm(context);
  const aborted = new GantryError('aborted');
  context.onAborted(() => form.destroy(aborted));
  let sink: PartSink | undefined;
  let files = Promise.resolve();
  let fileCount = 0;
  form.on('file', (_field, stream: Readable, { mimeType }) => {
    fileCount += 1;
    const number = fileCount;
    // The next file is not looked at before this one has ended: a store session takes one at a time.
    files = files.then(async () => {
      sink = openPart(new Map([['content-type', partTypeOf(mimeType)]]), number);
      for await (const chunk of stream) {
        if (sink?.write(chunk as Uint8Array) === false) context.pauseBody();
      }
      sink?.end();
      sink = undefined;
    });
    files.catch((error: unknown) => form.destroy(toGantryError(error)));
    stream.on('error', () => undefined);
  });
  try {
    await parse(form, context);
    await files;
    return fileCount > 0 ? undefined : new GantryError('bad-request', 'the form has no files');
  } catch (error) {
    sink?.abandon();
    return error instanceof GantryError
      ? error
      : new GantryError('bad-request', 'the form cannot be read', { cause: error });
  }
}

function openForm(context: RequestContext): busboy.Busboy {
  try {
    return busboy({
      headers: { 'content-type': context.header('content-type') ?? '' },
      limits: { parts: limits.multipartPartCountMax, fieldSize: limits.multipartHeaderBytesMax },
    });
  } catch (cause) {
    throw new GantryError('bad-request', 'the boundary is missing', { cause });
  }
}

/** Browsers and curl do not know DICOM by its file name. */
function partTypeOf(mimeType: string): string {
  return mimeType === 'application/octet-stream' ? 'application/dicom' : mimeType;
}

function parse(form: busboy.Busboy, context: RequestContext): Promise<void> {
  return new Promise((resolve, reject) => {
    form.on('partsLimit', () => {
      // Destroyed, so that no further file reaches a session that is being closed.
      form.destroy(new GantryError('payload-too-large', 'too many parts'));
    });
    form.on('error', reject);
    form.on('close', () => resolve());
    context.receiveBody({
      // Copied, because busboy hands the bytes on later, when the transport has taken its memory back.
      onChunk: (chunk) => void form.write(Buffer.from(chunk)),
      onEnd: () => form.end(),
    });
  });
}
