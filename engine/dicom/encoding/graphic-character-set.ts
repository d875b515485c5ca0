/**
 * A set of graphic characters that ISO/IEC 2022 can designate (PS3.3 §C.12.1.1.2). `table` gives UTF-16 code units,
 * U+FFFD where the set has no character. One byte per character: indexed by byte − 80H, so C1 controls stand for themselves.
 * Two bytes per character: indexed by (first − 21H) × 94 + (second − 21H), high bits cleared.
 */
export interface GraphicCharacterSet {
  readonly bytesPerCharacter: 1 | 2;
  readonly table: Uint16Array;
}

/** What an escape sequence designates; `set` is undefined for ISO-IR 6 (ASCII). */
export interface Designation {
  readonly element: 'G0' | 'G1';
  readonly set: GraphicCharacterSet | undefined;
}

const replacementUnit = 0xfffd;
const rowLength = 94;

/** The table is made at first use: most threads never meet most sets. */
function lazySet(bytesPerCharacter: 1 | 2, makeTable: () => Uint16Array): GraphicCharacterSet {
  let table: Uint16Array | undefined;
  return {
    bytesPerCharacter,
    get table() {
      return (table ??= makeTable());
    },
  };
}

function identityTable(): Uint16Array {
  return Uint16Array.from({ length: 128 }, (_, index) => 0x80 + index);
}

function decodedSet(label: string): GraphicCharacterSet {
  return lazySet(1, () => {
    const text = new TextDecoder(label).decode(Uint8Array.from(identityTable()));
    return Uint16Array.from({ length: 128 }, (_, index) => text.charCodeAt(index));
  });
}

/** A set of 94 × 94 characters, read from the 8-bit (EUC) form that `label` decodes, each character after `prefix`. */
function decodedDoubleByteSet(label: string, prefix: readonly number[] = []): GraphicCharacterSet {
  return lazySet(2, () => {
    const decoder = new TextDecoder(label);
    const table = new Uint16Array(rowLength * rowLength).fill(replacementUnit);
    for (let index = 0; index < table.length; index++) {
      const first = 0xa1 + Math.floor(index / rowLength);
      const second = 0xa1 + (index % rowLength);
      const text = decoder.decode(Uint8Array.of(...prefix, first, second));
      if (text.length === 1) table[index] = text.charCodeAt(0);
    }
    return table;
  });
}

const latin1 = lazySet(1, identityTable);

// The WHATWG labels iso-8859-9 and iso-8859-11 mean Windows code pages, whose C1 range is not that of the standard.
const latin5 = lazySet(1, () => {
  const table = identityTable();
  const turkish = [
    [0xd0, 'Ğ'],
    [0xdd, 'İ'],
    [0xde, 'Ş'],
    [0xf0, 'ğ'],
    [0xfd, 'ı'],
    [0xfe, 'ş'],
  ] as const;
  for (const [byte, character] of turkish) table[byte - 0x80] = character.charCodeAt(0);
  return table;
});

const thai = lazySet(1, () => {
  const table = identityTable();
  for (let byte = 0xa1; byte <= 0xff; byte++) {
    const isAssigned = byte <= 0xda || (byte >= 0xdf && byte <= 0xfb);
    table[byte - 0x80] = isAssigned ? 0x0e01 + byte - 0xa1 : replacementUnit;
  }
  return table;
});

const katakana = lazySet(1, () => {
  const table = new Uint16Array(128).fill(replacementUnit);
  for (let byte = 0xa1; byte <= 0xdf; byte++) table[byte - 0x80] = 0xff61 + byte - 0xa1;
  return table;
});

const latin2 = decodedSet('iso-8859-2');
const latin3 = decodedSet('iso-8859-3');
const latin4 = decodedSet('iso-8859-4');
const cyrillic = decodedSet('iso-8859-5');
const arabic = decodedSet('iso-8859-6');
const greek = decodedSet('iso-8859-7');
const hebrew = decodedSet('iso-8859-8');
const latin9 = decodedSet('iso-8859-15');
const kanji = decodedDoubleByteSet('euc-jp');
const supplementaryKanji = decodedDoubleByteSet('euc-jp', [0x8f]);
const hangul = decodedDoubleByteSet('euc-kr');
const simplifiedChinese = decodedDoubleByteSet('gb18030');

/**
 * The set a Defined Term puts into G1, by its ISO-IR registration number, PS3.3 Tables C.12-2 to C.12-4; undefined for those that
 * only use G0. A number that is no key is no Defined Term.
 */
export const g1SetsByRegistration: ReadonlyMap<number, GraphicCharacterSet | undefined> = new Map([
  [6, undefined],
  [13, katakana],
  [14, katakana],
  [58, simplifiedChinese],
  [87, undefined],
  [100, latin1],
  [101, latin2],
  [109, latin3],
  [110, latin4],
  [126, greek],
  [127, arabic],
  [138, hebrew],
  [144, cyrillic],
  [148, latin5],
  [149, hangul],
  [159, undefined],
  [166, thai],
  [203, latin9],
]);

/**
 * Escape sequences without their ESC, PS3.3 Tables C.12-3 and C.12-4, and the two older forms for JIS X 0208 (ISO-IR 42 and the
 * four-byte form). ISO-IR 14 counts as ASCII: its yen sign is our delimiter, and nobody means an overline by 7EH.
 */
export const designationsByEscape: ReadonlyMap<string, Designation> = new Map([
  ['(B', { element: 'G0', set: undefined }],
  ['(J', { element: 'G0', set: undefined }],
  ['$@', { element: 'G0', set: kanji }],
  ['$B', { element: 'G0', set: kanji }],
  ['$(B', { element: 'G0', set: kanji }],
  ['$(D', { element: 'G0', set: supplementaryKanji }],
  [')I', { element: 'G1', set: katakana }],
  ['$)A', { element: 'G1', set: simplifiedChinese }],
  ['$)C', { element: 'G1', set: hangul }],
  ['-A', { element: 'G1', set: latin1 }],
  ['-B', { element: 'G1', set: latin2 }],
  ['-C', { element: 'G1', set: latin3 }],
  ['-D', { element: 'G1', set: latin4 }],
  ['-F', { element: 'G1', set: greek }],
  ['-G', { element: 'G1', set: arabic }],
  ['-H', { element: 'G1', set: hebrew }],
  ['-L', { element: 'G1', set: cyrillic }],
  ['-M', { element: 'G1', set: latin5 }],
  ['-T', { element: 'G1', set: thai }],
  ['-b', { element: 'G1', set: latin9 }],
]);
