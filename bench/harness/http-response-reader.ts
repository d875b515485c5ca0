/** One complete HTTP/1.1 response as the load client sees it. */
export interface HttpResponse {
  readonly status: number;
  /** Header lines joined by `\n`, names as sent. */
  readonly headerText: string;
  /** Bytes of the body, also when it was not kept. */
  readonly bodyBytes: number;
  /** The body; empty unless it was asked for. */
  readonly body: Buffer;
  /** Whether the server will close the connection after this response. */
  readonly closes: boolean;
}

type State = 'header' | 'fixed-body' | 'body-to-end' | 'chunk-size' | 'chunk-data' | 'trailer';

const HEADER_END = Buffer.from('\r\n\r\n');
const LINE_END = Buffer.from('\r\n');
const HEADER_BYTES_MAX = 64 * 1024;

/**
 * Reads responses from the bytes of one connection (RFC 9112): fixed length, chunked, or until the end. It knows only what a
 * trusted server under test sends. Bodies that are not asked for are counted and dropped without a copy.
 */
export class HttpResponseReader {
  #state: State = 'header';
  #pending: Buffer = Buffer.alloc(0);
  #keepBody = false;
  #status = 0;
  #headerText = '';
  #closes = false;
  #remaining = 0;
  #bodyBytes = 0;
  #bodyPieces: Buffer[] = [];

  /** Prepares for the answer to the next request. */
  expect(keepBody: boolean): void {
    this.#keepBody = keepBody;
    this.#state = 'header';
    this.#bodyBytes = 0;
    this.#bodyPieces = [];
  }

  /**
   * Takes bytes, which stay the caller's; returns the response once complete.
   *
   * @throws Error when the bytes are no HTTP/1.1 response
   */
  push(input: Buffer): HttpResponse | undefined {
    let bytes = input;
    for (;;) {
      switch (this.#state) {
        case 'header':
        case 'chunk-size':
        case 'trailer': {
          const rest = this.#readLines(bytes);
          if (rest === undefined) return undefined;
          if (rest === 'complete') return this.#complete();
          bytes = rest;
          break;
        }
        case 'fixed-body': {
          this.#take(bytes.subarray(0, this.#remaining));
          return this.#remaining === 0 ? this.#complete() : undefined;
        }
        case 'chunk-data': {
          const taken = Math.min(bytes.length, this.#remaining);
          this.#takeChunk(bytes.subarray(0, taken));
          bytes = bytes.subarray(taken);
          if (this.#remaining > 0) return undefined;
          this.#state = 'chunk-size';
          break;
        }
        case 'body-to-end':
          this.#take(bytes);
          return undefined;
      }
    }
  }

  /** The connection ended: the response if its body was delimited by that, else undefined. */
  end(): HttpResponse | undefined {
    return this.#state === 'body-to-end' ? this.#complete() : undefined;
  }

  /** Handles one block of text; returns the bytes after it, undefined to wait for more. */
  #readLines(bytes: Buffer): Buffer | 'complete' | undefined {
    const joined = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    const delimiter = this.#state === 'header' ? HEADER_END : LINE_END;
    const end = joined.indexOf(delimiter);
    if (end === -1) {
      if (joined.length > HEADER_BYTES_MAX) throw new Error('response header too long');
      this.#pending = Buffer.from(joined);
      return undefined;
    }
    this.#pending = Buffer.alloc(0);
    const text = joined.toString('latin1', 0, end);
    const rest = joined.subarray(end + delimiter.length);
    if (this.#state === 'header') return this.#startBody(text) ? rest : 'complete';
    if (this.#state === 'trailer') return text === '' ? 'complete' : rest;
    const sizeBytes = Number.parseInt(text, 16);
    if (Number.isNaN(sizeBytes)) throw new Error('bad chunk size in response');
    this.#state = sizeBytes === 0 ? 'trailer' : 'chunk-data';
    this.#remaining = sizeBytes + LINE_END.length;
    return rest;
  }

  /** Reads the header; false when no body follows. */
  #startBody(text: string): boolean {
    const status = /^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1];
    if (status === undefined) throw new Error('no HTTP/1.1 response');
    this.#status = Number(status);
    this.#headerText = text;
    this.#closes = /^connection: *close/im.test(text);
    if (this.#status === 204 || this.#status === 304) return false;
    const length = /^content-length: *(\d+)/im.exec(text)?.[1];
    if (/^transfer-encoding: *chunked/im.test(text)) this.#state = 'chunk-size';
    else if (length === undefined) {
      this.#state = 'body-to-end';
      this.#closes = true;
    } else {
      this.#state = 'fixed-body';
      this.#remaining = Number(length);
      return this.#remaining > 0;
    }
    return true;
  }

  #take(bytes: Buffer): void {
    this.#remaining -= bytes.length;
    this.#keep(bytes);
  }

  /** The last two bytes of a chunk are its line end, not body. */
  #takeChunk(bytes: Buffer): void {
    const bodyPart = bytes.subarray(0, Math.max(0, this.#remaining - LINE_END.length));
    this.#remaining -= bytes.length;
    this.#keep(bodyPart);
  }

  #keep(bytes: Buffer): void {
    this.#bodyBytes += bytes.length;
    if (this.#keepBody && bytes.length > 0) this.#bodyPieces.push(Buffer.from(bytes));
  }

  #complete(): HttpResponse {
    this.#state = 'header';
    return {
      status: this.#status,
      headerText: this.#headerText,
      bodyBytes: this.#bodyBytes,
      body:
        this.#bodyPieces.length === 1
          ? (this.#bodyPieces[0] as Buffer)
          : Buffer.concat(this.#bodyPieces),
      closes: this.#closes,
    };
  }
}
