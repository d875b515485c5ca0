import { isUtf8 } from 'node:buffer';
import { TextDecoder } from 'node:util';

import { latin1Text, utf8Text } from './byte-text.js';
import { decodeCodeExtensions } from './code-extensions.js';
import { g1SetsByRegistration } from './graphic-character-set.js';
import type { GraphicCharacterSet } from './graphic-character-set.js';

/** How bytes ≥ 80H and ESC are read. `g1` is the set that bytes ≥ 80H mean until an escape sequence says otherwise. */
type Repertoire =
  | { readonly encoding: 'UTF-8' | 'GB18030' }
  | { readonly encoding: 'ISO 2022'; readonly g1: GraphicCharacterSet | undefined };

const defaultRepertoire: Repertoire = { encoding: 'ISO 2022', g1: undefined };
const utf8Repertoire: Repertoire = { encoding: 'UTF-8' };
// GBK is the two-byte part of GB18030, and GB2312 (no Defined Term, but met) that of GBK.
const gb18030Repertoire: Repertoire = { encoding: 'GB18030' };

const registeredTerm = /^ISO(?:2022)?(?:IR)?(\d{1,3})$/;
const chineseTerm = /^(?:ISO2022)?(?:GB18030|GBK|GB2312)$/;

let gb18030Decoder: TextDecoder | undefined;

/**
 * Reads text in the character sets that Specific Character Set (0008,0005) names: PS3.3 §C.12.1.1.2, PS3.5 §6.1.
 *
 * The text that `decode` returns is to be split into values, component groups and components at its `\`, `=` and `^`: a byte
 * 5CH that is part of a longer character (GB18030, JIS X 0208 in G0) does not come out as `\`, so splitting the text is right
 * where splitting the bytes is not.
 *
 * Lenient where the files are: escape sequences are honoured whether declared or not; bytes ≥ 80H that no set in effect
 * covers are read in the first declared set that has them. Under the default repertoire alone, bytes ≥ 80H are read as
 * UTF-8 if they are well-formed UTF-8, otherwise as Latin-1, and counted in `replacements`.
 */
export class SpecificCharacterSet {
  /** The default repertoire, ISO_IR 6. Shared: its `replacements` only ever grow. */
  static readonly default = new SpecificCharacterSet(defaultRepertoire);

  readonly #repertoire: Repertoire;
  #replacements = 0;

  private constructor(repertoire: Repertoire) {
    this.#repertoire = repertoire;
  }

  /**
   * A new reader, with its own count, for the raw text of (0008,0005): values separated by `\`, padding and the usual
   * misspellings (`ISO-IR 100`, `iso ir 100`, `UTF-8`) allowed. An unknown term counts as the default repertoire.
   */
  static from(value: string): SpecificCharacterSet {
    return new SpecificCharacterSet(readRepertoire(value));
  }

  /** Stretches of bytes so far that became one U+FFFD or several in a row, and values whose set had to be guessed. */
  get replacements(): number {
    return this.#replacements;
  }

  /**
   * The text of a whole value field, delimiters and padding included. Never throws. `kind` says whether `^` and `=` are
   * delimiters, at which designated sets fall back to the initial ones. `bytes` must not be shared memory.
   */
  decode(bytes: Uint8Array, kind: 'text' | 'person-name'): string {
    let hasEscape = false;
    let hasHighByte = false;
    for (let index = 0; index < bytes.length; index++) {
      const byte = bytes[index]!;
      if (byte >= 0x80) hasHighByte = true;
      else if (byte === 0x1b) hasEscape = true;
    }
    const repertoire = this.#repertoire;
    if (repertoire.encoding === 'ISO 2022') {
      if (!hasEscape && !hasHighByte) return latin1Text(bytes, 0, bytes.length);
      if (!hasEscape && !repertoire.g1) return this.#guess(bytes);
      const { text, replacements } = decodeCodeExtensions(bytes, repertoire.g1, kind);
      this.#replacements += replacements;
      return text;
    }
    if (!hasHighByte) return latin1Text(bytes, 0, bytes.length);
    gb18030Decoder ??= new TextDecoder('gb18030');
    const text = repertoire.encoding === 'UTF-8' ? utf8Text(bytes) : gb18030Decoder.decode(bytes);
    this.#replacements += countReplacementStretches(text);
    return text;
  }

  #guess(bytes: Uint8Array): string {
    this.#replacements += 1;
    return isUtf8(bytes) ? utf8Text(bytes) : latin1Text(bytes, 0, bytes.length);
  }
}

/**
 * Value 1 decides, PS3.3 §C.12.1.1.2; a missing or default value 1 leaves bytes ≥ 80H to the first later value that has them, for
 * writers that forget the escape sequence.
 */
function readRepertoire(value: string): Repertoire {
  for (const term of value.split('\\')) {
    const repertoire = readTerm(term);
    if (repertoire.encoding !== 'ISO 2022' || repertoire.g1) return repertoire;
  }
  return defaultRepertoire;
}

function readTerm(term: string): Repertoire {
  const name = term.toUpperCase().replace(/[^0-9A-Z]/g, '');
  if (name === 'ISOIR192' || name === 'UTF8') return utf8Repertoire;
  if (chineseTerm.test(name)) return gb18030Repertoire;
  const g1 = g1SetsByRegistration.get(Number(registeredTerm.exec(name)?.[1]));
  return g1 ? { encoding: 'ISO 2022', g1 } : defaultRepertoire;
}

function countReplacementStretches(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\ufffd'); at >= 0; at = text.indexOf('\ufffd', at)) {
    count++;
    while (text[at] === '\ufffd') at++;
  }
  return count;
}
