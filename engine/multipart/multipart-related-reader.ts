import { GantryError } from '#engine/base/error-catalogue.js';
import { limits } from '#engine/base/limits.js';

/** Header fields of a part: names in lower case. */
export type PartHeaders = ReadonlyMap<string, string>;

/** What a reader reports, in order: for each part one begin, its data in any number of pieces, one end. */
export interface MultipartEvents {
  onPartBegin(headers: PartHeaders): void;
  /** `view` lies in the chunk just pushed, or in memory of the reader; it is valid until this returns and is read-only. */
  onPartData(view: Uint8Array): void;
  onPartEnd(): void;
}

type State = 'data' | 'delimiter-tail' | 'headers' | 'epilogue';

const carriageReturn = 0x0d;
const lineFeed = 0x0a;
const space = 0x20;
const tab = 0x09;
const hyphen = 0x2d;

/** White space that may follow a delimiter on its line (RFC 2046 §5.1.1, transport padding). */
const paddingLengthMax = 64;

/**
 * Splits a multipart body (RFC 2046 §5.1, RFC 2387) that is pushed in chunks of any size, without copying part data. Any split
 * of the same bytes gives the same parts.
 *
 * Lenient where real clients need it: a CRLF before the first delimiter or none, header lines that end in LF alone, parts without
 * headers. Not lenient about a delimiter in the data: it must be a whole line, `CRLF--boundary`, else it is data.
 *
 * Errors are `bad-request`: a reader that has thrown is of no further use.
 */
export class MultipartRelatedReader {
  readonly #events: MultipartEvents;
  readonly #delimiter: Buffer;

  #state: State = 'data';
  #partCount = 0;
  #isInPart = false;
  /**
   * Bytes of the delimiter matched at the end of what was pushed. They need no buffer of their own, since we know what they are.
   * No proper suffix of them can begin another match: a carriage return is the delimiter's first byte and no other.
   */
  #matchedLength = 2;
  /** Leading bytes of the match that belong to the line before, and are no data whatever follows. */
  #borrowedLength = 2;
  /** Bytes after a matched delimiter, until it is known to be one. */
  readonly #tail = Buffer.alloc(paddingLengthMax);
  #tailLength = 0;

  #headerLine = '';
  #headerBytes = 0;
  #headers = new Map<string, string>();
  #lastHeaderName: string | undefined;

  /** `boundary` without quotes; throws `bad-request` when it is none. */
  constructor(boundary: string, events: MultipartEvents) {
    const isBoundary =
      boundary.length > 0 &&
      boundary.length <= limits.multipartBoundaryLengthMax &&
      /^[\x20-\x7e]*[\x21-\x7e]$/.test(boundary);
    if (!isBoundary) throw new GantryError('bad-request', 'the multipart boundary is not valid');
    this.#events = events;
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  }

  /** Parts begun so far. */
  get partCount(): number {
    return this.#partCount;
  }

  push(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let position = 0;
    while (position < bytes.length) {
      switch (this.#state) {
        case 'data':
          position = this.#readData(bytes, position);
          break;
        case 'delimiter-tail':
          position = this.#readDelimiterTail(bytes, position);
          break;
        case 'headers':
          position = this.#readHeaderLine(bytes, position);
          break;
        case 'epilogue':
          return;
      }
    }
  }

  /** The body is at its end; throws when the multipart is not. */
  end(): void {
    if (this.#state !== 'epilogue') {
      const detail = this.#partCount === 0 ? 'the boundary was not found' : 'no final boundary';
      throw new GantryError('bad-request', `the multipart body is truncated: ${detail}`);
    }
    if (this.#partCount === 0) {
      throw new GantryError('bad-request', 'the multipart body has no part');
    }
  }

  /** Data of a part, or the preamble, up to a delimiter or the end of `bytes`; returns the new position. */
  #readData(bytes: Buffer, start: number): number {
    if (this.#matchedLength > 0) return this.#continueMatch(bytes, start);
    const found = bytes.indexOf(this.#delimiter, start);
    if (found >= 0) {
      this.#emit(bytes.subarray(start, found));
      this.#matchedLength = this.#delimiter.length;
      this.#state = 'delimiter-tail';
      return found + this.#delimiter.length;
    }
    this.#matchedLength = this.#prefixLengthAtEnd(bytes, start);
    this.#emit(bytes.subarray(start, bytes.length - this.#matchedLength));
    return bytes.length;
  }

  #continueMatch(bytes: Buffer, start: number): number {
    const delimiter = this.#delimiter;
    let position = start;
    while (
      this.#matchedLength < delimiter.length &&
      position < bytes.length &&
      bytes[position] === delimiter[this.#matchedLength]
    ) {
      position++;
      this.#matchedLength++;
    }
    if (this.#matchedLength === delimiter.length) this.#state = 'delimiter-tail';
    else if (position < bytes.length) this.#replayMatch();
    return position;
  }

  /** How many bytes at the end are the beginning of a delimiter. */
  #prefixLengthAtEnd(bytes: Buffer, start: number): number {
    const from = Math.max(start, bytes.length - this.#delimiter.length + 1);
    const end = bytes.subarray(from);
    const candidate = end.lastIndexOf(carriageReturn);
    if (candidate < 0) return 0;
    const length = end.length - candidate;
    return end.compare(this.#delimiter, 0, length, candidate) === 0 ? length : 0;
  }

  /** What follows a delimiter: `--` at the end of all parts, white space and a line end before a part. */
  #readDelimiterTail(bytes: Buffer, start: number): number {
    for (let position = start; position < bytes.length; position++) {
      const byte = bytes[position]!;
      const previous = this.#tailLength > 0 ? this.#tail[this.#tailLength - 1] : undefined;
      if (byte === hyphen && previous === hyphen) {
        this.#endPart();
        this.#state = 'epilogue';
        return bytes.length;
      }
      if (byte === lineFeed && previous !== hyphen) {
        this.#endPart();
        this.#beginHeaders();
        return position + 1;
      }
      if (!this.#isTailByte(byte, previous)) {
        this.#replayMatch();
        this.#state = 'data';
        return position;
      }
      this.#tail[this.#tailLength++] = byte;
    }
    return bytes.length;
  }

  #isTailByte(byte: number, previous: number | undefined): boolean {
    if (this.#tailLength === paddingLengthMax) return false;
    if (previous === hyphen || previous === carriageReturn) return false;
    if (byte === hyphen) return previous === undefined;
    return byte === space || byte === tab || byte === carriageReturn;
  }

  /** What looked like a delimiter was data. */
  #replayMatch(): void {
    this.#emit(this.#delimiter.subarray(this.#borrowedLength, this.#matchedLength));
    this.#emit(this.#tail.subarray(0, this.#tailLength));
    this.#forgetMatch();
  }

  #forgetMatch(): void {
    this.#matchedLength = 0;
    this.#borrowedLength = 0;
    this.#tailLength = 0;
  }

  #emit(view: Uint8Array): void {
    if (this.#isInPart && view.length > 0) this.#events.onPartData(view);
  }

  #endPart(): void {
    this.#forgetMatch();
    if (!this.#isInPart) return;
    this.#isInPart = false;
    this.#events.onPartEnd();
  }

  #beginHeaders(): void {
    if (this.#partCount === limits.multipartPartCountMax) {
      throw new GantryError('bad-request', 'the multipart body has too many parts');
    }
    this.#partCount++;
    this.#state = 'headers';
    this.#headers = new Map();
    this.#headerBytes = 0;
    this.#headerLine = '';
    this.#lastHeaderName = undefined;
  }

  #readHeaderLine(bytes: Buffer, start: number): number {
    const lineEnd = bytes.indexOf(lineFeed, start);
    const end = lineEnd < 0 ? bytes.length : lineEnd + 1;
    this.#headerBytes += end - start;
    if (this.#headerBytes > limits.multipartHeaderBytesMax) {
      throw new GantryError('bad-request', 'the header of a part is too long');
    }
    this.#headerLine += bytes.toString('latin1', start, end);
    if (lineEnd >= 0) {
      const line = this.#headerLine.replace(/\r?\n$/, '');
      this.#headerLine = '';
      if (line === '') this.#beginPart();
      else this.#addHeader(line);
    }
    return end;
  }

  #addHeader(line: string): void {
    // RFC 5322 §2.2.3: a line that begins with white space continues the one before.
    if (/^[ \t]/.test(line) && this.#lastHeaderName !== undefined) {
      const value = this.#headers.get(this.#lastHeaderName) ?? '';
      this.#headers.set(this.#lastHeaderName, `${value} ${line.trim()}`);
      return;
    }
    const colon = line.indexOf(':');
    if (colon < 1) throw new GantryError('bad-request', 'the header of a part is malformed');
    this.#lastHeaderName = line.slice(0, colon).trim().toLowerCase();
    this.#headers.set(this.#lastHeaderName, line.slice(colon + 1).trim());
  }

  #beginPart(): void {
    this.#state = 'data';
    this.#isInPart = true;
    // RFC 2046 §5.1.1: the line end after the headers may be that of the next delimiter, when the part has no body.
    this.#matchedLength = 2;
    this.#borrowedLength = 2;
    this.#events.onPartBegin(this.#headers);
  }
}
