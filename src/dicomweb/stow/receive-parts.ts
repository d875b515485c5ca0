import { GantryError, toGantryError } from '#engine/base/error-catalogue.js';
import { mediaTypeParameter, type MediaType } from '#engine/multipart/media-type.js';
import {
  MultipartRelatedReader,
  type PartHeaders,
} from '#engine/multipart/multipart-related-reader.js';
import type { RequestContext } from '#src/http/request-context.js';

/** Takes one part as it arrives. */
export interface PartSink {
  /** `bytes` are valid during the call only; false asks for a pause, until the context is told to go on. */
  write(bytes: Uint8Array): boolean;
  end(): void;
  /** The part will not be whole. */
  abandon(): void;
}

/** `number` counts from 1. Undefined: the part is passed over. */
export type OpenPart = (headers: PartHeaders, number: number) => PartSink | undefined;

/**
 * Receives the body of a Store request part by part; a body that is no multipart is one part. Resolves with the error that made
 * the rest of the body unreadable, which names the part; undefined when all of it was read.
 */
export function receiveParts(
  context: RequestContext,
  mediaType: MediaType,
  openPart: OpenPart,
): Promise<GantryError | undefined> {
  return new PartReceiver(context, openPart).receive(mediaType);
}

class PartReceiver {
  readonly #context: RequestContext;
  readonly #openPart: OpenPart;
  #part: PartSink | undefined;
  #partCount = 0;

  constructor(context: RequestContext, openPart: OpenPart) {
    this.#context = context;
    this.#openPart = openPart;
  }

  receive(mediaType: MediaType): Promise<GantryError | undefined> {
    if (mediaType.type !== 'multipart/related') {
      this.#begin(new Map([['content-type', mediaType.type]]));
      return this.#deliver(
        (chunk) => this.#write(chunk),
        () => this.#end(),
      );
    }
    const boundary = mediaTypeParameter(mediaType, 'boundary');
    if (boundary === undefined) throw new GantryError('bad-request', 'the boundary is missing');
    const reader = new MultipartRelatedReader(boundary, {
      onPartBegin: (headers) => this.#begin(headers),
      onPartData: (bytes) => this.#write(bytes),
      onPartEnd: () => this.#end(),
    });
    return this.#deliver(
      (chunk) => reader.push(chunk),
      () => reader.end(),
    );
  }

  /** Hands the body to `push` and `end`; what they throw ends the reading, and the rest of the body is dropped. */
  #deliver(push: (chunk: Uint8Array) => void, end: () => void): Promise<GantryError | undefined> {
    return new Promise((resolve) => {
      let isOver = false;
      const finish = (error: GantryError | undefined): void => {
        isOver = true;
        this.#part?.abandon();
        this.#part = undefined;
        resolve(error);
      };
      const attempt = (step: () => void): void => {
        if (isOver) return;
        try {
          step();
        } catch (error) {
          finish(this.#withPart(toGantryError(error)));
        }
      };
      this.#context.onAborted(() => finish(new GantryError('aborted')));
      this.#context.receiveBody({
        onChunk: (chunk) => attempt(() => push(chunk)),
        onEnd: () => {
          attempt(end);
          if (!isOver) finish(undefined);
        },
      });
    });
  }

  /** The same error, saying at which part the reader was. */
  #withPart(error: GantryError): GantryError {
    if (this.#partCount === 0) return error;
    const place = `at part ${this.#partCount}`;
    const detail = error.detail === '' ? place : `${error.detail}, ${place}`;
    return new GantryError(error.code, detail, { cause: error.cause });
  }

  #begin(headers: PartHeaders): void {
    this.#partCount += 1;
    this.#part = this.#openPart(headers, this.#partCount);
  }

  #write(bytes: Uint8Array): void {
    if (this.#part?.write(bytes) === false) this.#context.pauseBody();
  }

  #end(): void {
    this.#part?.end();
    this.#part = undefined;
  }
}
