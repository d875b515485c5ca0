import { assert } from '#engine/base/assert.js';

const quote = 0x22;
const comma = 0x2c;
const backslash = 0x5c;
const opening: ReadonlySet<number> = new Set([0x7b, 0x5b]);
const closing: ReadonlySet<number> = new Set([0x7d, 0x5d]);
const scalarEnds: ReadonlySet<number | undefined> = new Set([comma, 0x5d, 0x7d, undefined]);

/**
 * A position in JSON text of ours (compact, as `JSON.stringify` and the JSON model writer make it): documents of many megabytes
 * are walked a token at a time, without the object that `JSON.parse` would make of them at once.
 */
export class JsonCursor {
  readonly #text: Buffer;
  #position = 0;

  /** `json` as UTF-8. */
  constructor(json: Uint8Array) {
    this.#text = Buffer.from(json.buffer, json.byteOffset, json.byteLength);
  }

  get position(): number {
    return this.#position;
  }

  /** Whether the text goes on with this character of ASCII. */
  isAt(character: string): boolean {
    return this.#text[this.#position] === character.charCodeAt(0);
  }

  /** Steps over the text of ASCII if it is next. */
  take(text: string): boolean {
    const end = this.#position + text.length;
    if (this.#text.toString('latin1', this.#position, end) !== text) return false;
    this.#position = end;
    return true;
  }

  /** Steps over the text of ASCII, which must be next. */
  expect(text: string): void {
    assert(this.take(text), `the JSON text has ${text} at ${this.#position}`);
  }

  /** The string at the position, unescaped. */
  string(): string {
    this.expect('"');
    const start = this.#position;
    const end = this.#stringEnd(start);
    this.#position = end + 1;
    const isEscaped = this.#text.subarray(start, end).includes(backslash);
    if (!isEscaped) return this.#text.toString('utf8', start, end);
    return JSON.parse(this.#text.toString('utf8', start - 1, end + 1)) as string;
  }

  /** Steps to the end of the object that the position is inside of, its closing brace not included. */
  toObjectEnd(): void {
    for (let depth = 0; ; this.#position++) {
      const byte = this.#text[this.#position];
      assert(byte !== undefined, 'the JSON text has an end for each object');
      if (byte === quote) this.#position = this.#stringEnd(this.#position + 1);
      else if (opening.has(byte)) depth++;
      else if (closing.has(byte) && depth-- === 0) return;
    }
  }

  /** The digits of the number, or the word, at the position. */
  scalar(): string {
    const start = this.#position;
    while (!scalarEnds.has(this.#text[this.#position])) this.#position++;
    return this.#text.toString('latin1', start, this.#position);
  }

  /** Position of the quotation mark that ends the string whose content starts at `start`. */
  #stringEnd(start: number): number {
    let end = start;
    for (; this.#text[end] !== quote; end++) {
      assert(end < this.#text.length, 'the JSON text has an end for each string');
      if (this.#text[end] === backslash) end++;
    }
    return end;
  }
}
