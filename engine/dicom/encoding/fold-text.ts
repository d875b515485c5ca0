/** Letters that are written with a stroke or joined and have no canonical decomposition, in lower case. */
const foldedLetters: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  ð: 'd',
  ø: 'o',
  þ: 'th',
  đ: 'd',
  ħ: 'h',
  ı: 'i',
  ł: 'l',
  œ: 'oe',
  ŧ: 't',
  ς: 'σ',
};

const nonAscii = /[\u0080-\uffff]/;
const strokedLetters = new RegExp(`[${Object.keys(foldedLetters).join('')}]`, 'g');
/**
 * Marks that readers of the script may leave out: Latin, Greek and Cyrillic diacritics, Hebrew points, Arabic vowel signs and
 * tatweel. Marks that make another letter (kana voicing, Indic and Thai vowels) stay.
 */
const accents =
  /[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]/g;
const ignorable = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]/g;
const katakana = /[\u30a1-\u30f6\u30fd\u30fe]/g;
const katakanaToHiragana = -0x60;

/**
 * The form in which texts are compared when case, accents, character width and the choice of kana shall not matter
 * (PS3.4 §C.2.2.2.1 leaves it to the SCP for PN): NFKD, lower case, accents removed, hiragana for katakana, invisible
 * characters dropped, then NFC. `Müller` and `MULLER`, `ﾔﾏﾀﾞ` and `やまだ` become equal.
 * Idempotent; ASCII text is only lower-cased. Spaces and `^` stay.
 *
 * Full-width `＝ ＾ ＊ ？` become `= ^ * ?`: split names and read wildcards before folding.
 */
export function foldText(text: string): string {
  if (!nonAscii.test(text)) return text.toLowerCase();
  return text
    .normalize('NFKD')
    .toLowerCase()
    .normalize('NFKD')
    .replace(accents, '')
    .replace(ignorable, '')
    .replace(strokedLetters, (letter) => foldedLetters[letter] ?? letter)
    .normalize('NFC')
    .replace(katakana, (kana) => String.fromCharCode(kana.charCodeAt(0) + katakanaToHiragana));
}
