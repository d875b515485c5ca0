import type { JsonElement } from './json-model-types.js';

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** `"00100010":` */
const nameLength = 11;

/**
 * The elements of a data set in the DICOM JSON model, as `JSON.stringify` wrote it: found by their tags in the text, so that one
 * can be read without the others, or sent as it is.
 */
export class ElementTexts {
  readonly #json: string;
  readonly #tags: number[] = [];
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  /** Position behind the closing brace. */
  readonly end: number;

  /** `start` is the position of the opening brace. Throws a SyntaxError when the text is no such object. */
  constructor(json: string, start: number) {
    this.#json = json;
    let at = start + 1;
    while (json.charCodeAt(at) === quote) {
      const end = endOfObject(json, at + nameLength);
      this.#tags.push(tagAt(json, at + 1));
      this.#starts.push(at);
      this.#ends.push(end);
      at = json.charCodeAt(end) === comma ? end + 1 : end;
    }
    if (json.charCodeAt(at) !== closeBrace) throw new SyntaxError('a data set without an end');
    this.end = at + 1;
  }

  /** The element with its name, `"00100010":{…}`; undefined when there is none. The tag is a number, 0x00100010. */
  memberOf(tag: number): string | undefined {
    const n = this.#tags.indexOf(tag);
    return n < 0 ? undefined : this.#json.slice(this.#starts[n], this.#ends[n]);
  }

  /** The element itself, parsed. */
  elementOf(tag: number): JsonElement | undefined {
    const n = this.#tags.indexOf(tag);
    if (n < 0) return undefined;
    return JSON.parse(
      this.#json.slice(this.#starts[n]! + nameLength, this.#ends[n]),
    ) as JsonElement;
  }
}

/** The eight hexadecimal digits at `start`, upper case. */
function tagAt(json: string, start: number): number {
  let tag = 0;
  for (let at = start; at < start + 8; at++) {
    const code = json.charCodeAt(at);
    tag = tag * 16 + (code <= 0x39 ? code - 0x30 : code - 0x37);
  }
  return tag;
}

/** Position behind the object that begins at `start`. */
function endOfObject(json: string, start: number): number {
  let depth = 0;
  for (let at = start; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === quote) {
      at = endOfString(json, at);
    } else if (code === openBrace || code === openBracket) {
      depth++;
    } else if (code === closeBrace || code === closeBracket) {
      depth--;
      if (depth <= 0) return at + 1;
    }
  }
  throw new SyntaxError('an element without an end');
}

/** Position of the quotation mark that ends the string which begins at `start`. */
function endOfString(json: string, start: number): number {
  let at = start + 1;
  for (; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === quote) break;
    if (code === backslash) at++;
  }
  return at;
}
