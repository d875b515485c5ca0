import { assert } from '#engine/base/assert.js';

const quote = 0x22;
const comma = 0x2c;
const backslash = 0x5c;
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
    let end = start;
    let isEscaped = false;
    for (; this.#text[end] !== quote; end++) {
      assert(end < this.#text.length, 'the JSON text has an end for each string');
      if (this.#text[end] !== backslash) continue;
      isEscaped = true;
      end++;
    }
    this.#position = end + 1;
    if (!isEscaped) return this.#text.toString('utf8', start, end);
    return JSON.parse(this.#text.toString('utf8', start - 1, end + 1)) as string;
  }

  /** The digits of the number, or the word, at the position. */
  scalar(): string {
    const start = this.#position;
    while (!scalarEnds.has(this.#text[this.#position])) this.#position++;
    return this.#text.toString('latin1', start, this.#position);
  }
}
