/** A media type or range with its parameters, in the order sent (RFC 9110 §8.3.1). */
export interface MediaType {
  /** Lower case, such as `multipart/related`, `image/*`. */
  readonly type: string;
  /** Names in lower case, values without quotes. A name may be repeated. */
  readonly parameters: readonly (readonly [name: string, value: string])[];
}

/** The first value of the parameter named in lower case. */
export function mediaTypeParameter(mediaType: MediaType, name: string): string | undefined {
  return mediaType.parameters.find(([other]) => other === name)?.[1];
}

/**
 * Parses one media type as clients really write it: parameter values quoted or not, unquoted ones with slashes, any case, spaces
 * or none around `;` and `=`. Undefined when it has not the form `type/subtype`.
 */
export function parseMediaType(text: string): MediaType | undefined {
  return new MediaTypeScanner(text, ';').next();
}

/** Parses a comma-separated list; elements without the form `type/subtype` are left out. */
export function parseMediaTypeList(text: string): MediaType[] {
  const scanner = new MediaTypeScanner(text, ';,');
  const list: MediaType[] = [];
  while (!scanner.isAtEnd) {
    const mediaType = scanner.next();
    if (mediaType !== undefined) list.push(mediaType);
  }
  return list;
}

class MediaTypeScanner {
  readonly #text: string;
  /** `;` parts parameters; `,` parts elements, in a list only: an unquoted boundary may contain it (RFC 2046 §5.1.1). */
  readonly #delimiters: string;
  #position = 0;

  constructor(text: string, delimiters: string) {
    this.#text = text;
    this.#delimiters = delimiters;
  }

  get isAtEnd(): boolean {
    return this.#position >= this.#text.length;
  }

  /** The element at the position; moves behind the comma that ends it. */
  next(): MediaType | undefined {
    const type = this.#token('').toLowerCase();
    const parameters: [string, string][] = [];
    while (this.#take(';')) {
      const name = this.#token('=').toLowerCase();
      const value = this.#take('=') ? this.#value() : '';
      if (name !== '') parameters.push([name, value]);
    }
    this.#take(',');
    return /^[^\s/]+\/[^\s/]+$/.test(type) ? { type, parameters } : undefined;
  }

  #value(): string {
    this.#skipSpace();
    if (this.#text[this.#position] !== '"') return this.#token('');
    const value = this.#quotedString();
    this.#token('');
    return value;
  }

  /** RFC 9110 §5.6.4; without a closing quote the rest of the text is the value. */
  #quotedString(): string {
    let value = '';
    this.#position++;
    while (!this.isAtEnd) {
      const character = this.#text[this.#position++];
      if (character === '"') break;
      value += character === '\\' ? (this.#text[this.#position++] ?? '') : character;
    }
    return value;
  }

  /** Text up to the next delimiter, or one of `others`, without the spaces around it. */
  #token(others: string): string {
    const start = this.#position;
    while (!this.isAtEnd) {
      const character = this.#text[this.#position]!;
      if (this.#delimiters.includes(character) || others.includes(character)) break;
      this.#position++;
    }
    return this.#text.slice(start, this.#position).trim();
  }

  #skipSpace(): void {
    while (this.#text[this.#position] === ' ' || this.#text[this.#position] === '\t') {
      this.#position++;
    }
  }

  #take(character: string): boolean {
    if (this.#text[this.#position] !== character) return false;
    this.#position++;
    return true;
  }
}
