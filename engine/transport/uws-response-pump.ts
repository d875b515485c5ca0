import type { UwsResponse } from '#native-bindings/uwebsockets/uws-types.js';
import type { ResponseSource } from './http-transport.js';
import type { ProgressWindow } from './progress-window.js';
import type { SharedTurn } from './shared-turn.js';

/** Pieces of a chunked response are handed over in slices, because the library buffers what the socket does not take. */
const chunkBytesMax = 64 * 1024;

export interface UwsResponsePumpOptions {
  readonly response: UwsResponse;
  readonly source: ResponseSource;
  /** Undefined for a chunked response. */
  readonly contentLength: number | undefined;
  readonly progress: ProgressWindow;
  readonly turn: SharedTurn;
  /** Writes status and headers; called once, just before the first bytes. */
  readonly writeHead: () => void;
  /** The response is complete; the library's object must not be touched again. */
  readonly onComplete: () => void;
}

/** Moves a source into a uWebSockets.js response, one piece at a time, as fast as the socket takes it. */
export class UwsResponsePump {
  readonly #options: UwsResponsePumpOptions;
  #isOver = false;
  #hasHead = false;
  #isSocketFull = false;
  #piece: Uint8Array = new Uint8Array(0);
  /** Sized: body offset at which the piece starts. Chunked: bytes of the piece handed over. */
  #pieceStart = 0;
  #pieceTaken = 0;

  constructor(options: UwsResponsePumpOptions) {
    this.#options = options;
    options.response.onWritable(() => this.#onWritable());
  }

  get isSocketFull(): boolean {
    return this.#isSocketFull;
  }

  /** Sends until the socket is full, the source lets us wait, or the turn is used up. */
  run(): void {
    const { turn } = this.#options;
    while (!this.#isOver) {
      if (turn.isUsedUp) {
        turn.wait(() => this.run());
        return;
      }
      let next: ReturnType<ResponseSource['read']>;
      try {
        next = this.#options.source.read();
      } catch {
        this.#fail();
        return;
      }
      if (next instanceof Promise) {
        next.then(
          (piece) => {
            if (this.#accept(piece)) this.run();
          },
          () => this.#fail(),
        );
        return;
      }
      if (!this.#accept(next)) return;
    }
  }

  /** The connection is gone, or about to be closed by the caller. */
  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#isSocketFull = false;
    this.#options.source.close();
  }

  /** True when the next piece may be read at once. */
  #accept(piece: Uint8Array | null): boolean {
    if (this.#isOver) return false;
    const { contentLength } = this.#options;
    if (piece === null) {
      if (contentLength === undefined) this.#endChunked();
      else this.#fail();
      return false;
    }
    this.#pieceStart += this.#piece.length;
    if (contentLength !== undefined && this.#pieceStart + piece.length > contentLength) {
      this.#fail();
      return false;
    }
    this.#piece = piece;
    this.#pieceTaken = 0;
    return this.#push();
  }

  #onWritable(): boolean {
    if (this.#isOver || !this.#isSocketFull) return true;
    this.#isSocketFull = false;
    if (this.#push()) this.run();
    return !this.#isSocketFull;
  }

  /** Hands over what is left of the piece; true when all of it was taken and more may follow. */
  #push(): boolean {
    if (this.#piece.length === 0) return true;
    return this.#options.contentLength === undefined
      ? this.#pushChunked()
      : this.#pushSized(this.#options.contentLength);
  }

  #pushSized(contentLength: number): boolean {
    const { response, progress } = this.#options;
    let isComplete = false;
    response.cork(() => {
      this.#writeHeadOnce();
      // The offset, not a count of ours, says what the socket took: it may have taken more since the last call.
      const rest = this.#piece.subarray(response.getWriteOffset() - this.#pieceStart);
      const [isTaken, isDone] = response.tryEnd(rest, contentLength);
      isComplete = isDone;
      this.#isSocketFull = !isTaken && !isDone;
      if (isDone) return;
      const taken = response.getWriteOffset() - this.#pieceStart;
      progress.add(taken - this.#pieceTaken);
      this.#pieceTaken = taken;
    });
    if (isComplete) this.#complete();
    return !isComplete && !this.#isSocketFull;
  }

  #pushChunked(): boolean {
    const { response, progress } = this.#options;
    while (this.#pieceTaken < this.#piece.length && !this.#isSocketFull && !this.#isOver) {
      const slice = this.#piece.subarray(this.#pieceTaken, this.#pieceTaken + chunkBytesMax);
      response.cork(() => {
        this.#writeHeadOnce();
        this.#isSocketFull = !response.write(slice);
      });
      this.#pieceTaken += slice.length;
      progress.add(slice.length);
    }
    return !this.#isSocketFull;
  }

  #endChunked(): void {
    const { response } = this.#options;
    response.cork(() => {
      this.#writeHeadOnce();
      response.end();
    });
    this.#complete();
  }

  #writeHeadOnce(): void {
    if (this.#hasHead) return;
    this.#hasHead = true;
    this.#options.writeHead();
  }

  #complete(): void {
    this.stop();
    this.#options.onComplete();
  }

  #fail(): void {
    if (this.#isOver) return;
    this.#options.response.close();
  }
}
