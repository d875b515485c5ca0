import assert from 'node:assert/strict';
import { test } from 'node:test';

import { SpecificCharacterSet } from '#engine/dicom/encoding/specific-character-set.js';

type Part = string | readonly number[];

/** Bytes of ASCII text and literal bytes; `ESC` stands before the escape sequences. */
function bytesOf(...parts: readonly Part[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) => (typeof part === 'string' ? [...Buffer.from(part, 'latin1')] : part)),
  );
}

const escape = (sequence: string): string => `\x1b${sequence}`;
const toAscii = escape('(B');
const toRomaji = escape('(J');
const toKanji = escape('$B');
const toHangul = escape('$)C');
const toChinese = escape('$)A');

// The ideographic and phonetic groups of the examples of PS3.5 Annex H, in JIS X 0208.
const yamada = [0x3b, 0x33, 0x45, 0x44];
const tarou = [0x42, 0x40, 0x4f, 0x3a];
const yamadaKana = [0x24, 0x64, 0x24, 0x5e, 0x24, 0x40];
const tarouKana = [0x24, 0x3f, 0x24, 0x6d, 0x24, 0x26];

function decodeName(term: string, ...parts: readonly Part[]): string {
  const charset = SpecificCharacterSet.from(term);
  const text = charset.decode(bytesOf(...parts), 'person-name');
  assert.equal(charset.replacements, 0);
  return text;
}

test('PS3.5 H.3.1 person name with ASCII and JIS X 0208', () => {
  const name = decodeName(
    '\\ISO 2022 IR 87',
    ...['Yamada^Tarou=', toKanji, yamada, toAscii, '^', toKanji, tarou, toAscii, '='],
    ...[toKanji, yamadaKana, toAscii, '^', toKanji, tarouKana, toAscii],
  );
  assert.equal(name, 'Yamada^Tarou=山田^太郎=やまだ^たろう');
});

test('PS3.5 H.3.2 person name with JIS X 0201 and JIS X 0208', () => {
  const name = decodeName(
    'ISO 2022 IR 13\\ISO 2022 IR 87',
    ...[[0xd4, 0xcf, 0xc0, 0xde], '^', [0xc0, 0xdb, 0xb3], '='],
    ...[toKanji, yamada, toRomaji, '^', toKanji, tarou, toRomaji, '='],
    ...[toKanji, yamadaKana, toRomaji, '^', toKanji, tarouKana, toRomaji],
  );
  assert.equal(name, 'ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう');
});

test('PS3.5 H supplementary kanji, JIS X 0212', () => {
  assert.equal(decodeName('\\ISO 2022 IR 159', escape('$(D'), [0x30, 0x21], toAscii, '^A'), '丂^A');
});

const hong = [0xfb, 0xf3];
const gildong = [0xd1, 0xce, 0xd4, 0xd7];
const hongHangul = [0xc8, 0xab];
const gildongHangul = [0xb1, 0xe6, 0xb5, 0xbf];

test('PS3.5 I.2 person name with KS X 1001', () => {
  const name = decodeName(
    '\\ISO 2022 IR 149',
    ...['Hong^Gildong=', toHangul, hong, '^', toHangul, gildong, '='],
    ...[toHangul, hongHangul, '^', toHangul, gildongHangul],
  );
  assert.equal(name, 'Hong^Gildong=洪^吉洞=홍^길동');
});

test('PS3.5 I.3 Korean text designates its set in each line', () => {
  const text = SpecificCharacterSet.from('\\ISO 2022 IR 149').decode(
    bytesOf(toHangul, 'The 1st line: ', gildongHangul, '.\r\n', toHangul, gildongHangul, '.\r\n'),
    'text',
  );
  assert.equal(text, 'The 1st line: 길동.\r\n길동.\r\n');
});

test('a forgotten escape sequence is made good by the declared set', () => {
  const name = decodeName('\\ISO 2022 IR 149', 'Hong^Gildong=', toHangul, hong, '^', gildong);
  assert.equal(name, 'Hong^Gildong=洪^吉洞');
});

test('PS3.5 J.3 person name in UTF-8', () => {
  assert.equal(
    decodeName('ISO_IR 192', [...Buffer.from('Wang^XiaoDong=王^小東=')]),
    'Wang^XiaoDong=王^小東=',
  );
});

const wang = [0xcd, 0xf5];
const xiaoDong = [0xd0, 0xa1, 0xb6, 0xab];

for (const term of ['GB18030', 'GBK']) {
  test(`PS3.5 J.4 person name in ${term}`, () => {
    assert.equal(
      decodeName(term, 'Wang^XiaoDong=', wang, '^', xiaoDong, '='),
      'Wang^XiaoDong=王^小东=',
    );
  });
}

test('PS3.5 J a byte 5CH inside a GB18030 character is no delimiter', () => {
  assert.equal(decodeName('GBK', 'A\\', [0x81, 0x5c], '\\B'), 'A\\乗\\B');
  assert.equal(decodeName('GB18030', [0x95, 0x32, 0x82, 0x36], '\\'), '\u{20000}\\');
});

test('PS3.5 K.2 person name with GB 2312', () => {
  const name = decodeName(
    '\\ISO 2022 IR 58',
    ...['Zhang^XiaoDong=', toChinese, [0xd5, 0xc5], '^', toChinese, xiaoDong, '='],
  );
  assert.equal(name, 'Zhang^XiaoDong=张^小东=');
});

const singleByteSamples: readonly (readonly [
  term: string,
  final: string,
  bytes: number[],
  text: string,
])[] = [
  ['100', '-A', [0xc4, 0xfc, 0xdf], 'Äüß'],
  ['101', '-B', [0xa9, 0xe1, 0xb3], 'Šáł'],
  ['109', '-C', [0xa9, 0xf5, 0xb1], 'İġħ'],
  ['110', '-D', [0xa9, 0xe4, 0xf3], 'Šäķ'],
  ['144', '-L', [0xbb, 0xee, 0xda], 'Люк'],
  ['127', '-G', [0xe2, 0xc8, 0xc7], 'قبا'],
  ['126', '-F', [0xc4, 0xe9, 0xef], 'Διο'],
  ['138', '-H', [0xf9, 0xf8, 0xe5], 'שרו'],
  ['148', '-M', [0xdd, 0xfe, 0xf0], 'İşğ'],
  ['203', '-b', [0xa4, 0xa8, 0xbd], '€šœ'],
  ['13', ')I', [0xd4, 0xcf, 0xde], 'ﾔﾏﾞ'],
  ['166', '-T', [0xca, 0xc1, 0xaa], 'สมช'],
];

for (const [term, final, bytes, text] of singleByteSamples) {
  test(`PS3.3 C.12.1.1.2 ISO_IR ${term} alone, and by escape sequence until the next delimiter`, () => {
    assert.equal(decodeName(`ISO_IR ${term}`, 'A', bytes, '^', bytes), `A${text}^${text}`);
    assert.equal(decodeName(`ISO 2022 IR ${term}`, 'A', bytes, '^', bytes), `A${text}^${text}`);
    assert.equal(
      decodeName(`ISO 2022 IR 6\\ISO 2022 IR ${term}`, 'A^', escape(final), 'B', bytes),
      `A^B${text}`,
    );
  });
}

test('PS3.5 6.1.2.5.3 component groups and components switch independently', () => {
  const name = decodeName(
    'ISO 2022 IR 100\\ISO 2022 IR 144\\ISO 2022 IR 126',
    ...[[0xe9], escape('-L'), [0xbb], '^', [0xe9], escape('-F'), [0xc4], '=', [0xe9]],
  );
  assert.equal(name, 'éЛ^éΔ=é');
});

test('PS3.5 6.1.2.5.3 text resets at control characters and values, not at ^ and =', () => {
  const charset = SpecificCharacterSet.from('ISO 2022 IR 100\\ISO 2022 IR 144');
  for (const delimiter of ['\\', '\t', '\n', '\f', '\r']) {
    const bytes = bytesOf(escape('-L'), [0xbb], delimiter, [0xe9]);
    assert.equal(charset.decode(bytes, 'text'), `Л${delimiter}é`);
  }
  assert.equal(charset.decode(bytesOf(escape('-L'), [0xbb], '^=', [0xbb]), 'text'), 'Л^=Л');
});

test('PS3.5 6.1.2.3 in ISO_IR 13 a byte 5CH is the delimiter, in kanji part of a character', () => {
  assert.equal(decodeName('ISO_IR 13', [0xd4], '\\', [0xcf]), 'ﾔ\\ﾏ');
  // JIS X 0208 rows 5CH and cells 5CH.
  assert.equal(
    decodeName('\\ISO 2022 IR 87', toKanji, [0x30, 0x5c, 0x5c, 0x21], toAscii, '\\A'),
    '移棔\\A',
  );
});

test('misspelt, padded and unusual terms are understood', () => {
  const samples = {
    'ISO-IR 101': 'š',
    'iso_ir 101 ': 'š',
    'ISO IR 101\0': 'š',
    ISOIR101: 'š',
    ' ISO 2022 IR 101': 'š',
    ISO_IR_101: 'š',
    '\\ISO 2022 IR 101': 'š',
    'ISO 2022 IR 6\\ISO 2022 IR 101': 'š',
    'ISO_IR 100\\ISO_IR 192': '¹',
  };
  for (const [term, text] of Object.entries(samples)) {
    assert.equal(decodeName(term, [0xb9]), text, term);
  }
  for (const term of ['ISO_IR 192', 'UTF-8', 'utf8', '\\ISO_IR 192']) {
    assert.equal(decodeName(term, [0xc5, 0xa1]), 'š', term);
  }
});

test('bytes outside the default repertoire are guessed and counted', () => {
  for (const term of ['', 'ISO_IR 6', 'ISO_IR 999', 'NONSENSE']) {
    const charset = SpecificCharacterSet.from(term);
    assert.equal(charset.decode(bytesOf('M', [0xfc], 'ller'), 'text'), 'Müller');
    assert.equal(charset.decode(bytesOf('M', [0xc3, 0xbc], 'ller'), 'text'), 'Müller');
    assert.equal(charset.decode(bytesOf('Miller'), 'text'), 'Miller');
    assert.equal(charset.replacements, 2);
  }
});

test('undecodable bytes become U+FFFD, counted by stretch; the next delimiter survives', () => {
  const samples: readonly (readonly [string, Uint8Array, string, number])[] = [
    ['ISO_IR 192', bytesOf('A', [0xff, 0xff], 'B', [0xff]), 'A\ufffd\ufffdB\ufffd', 2],
    ['GB18030', bytesOf([0xff], '\\A'), '\ufffd\\A', 1],
    ['ISO_IR 127', bytesOf([0xa1, 0xa2], '^', [0xc8]), '\ufffd\ufffd^ب', 1],
    ['\\ISO 2022 IR 149', bytesOf(toHangul, [0xc8], '^A'), '\ufffd^A', 1],
    ['\\ISO 2022 IR 87', bytesOf(toKanji, [0x3b, 0x0a], 'A'), '\ufffd\nA', 1],
    ['ISO_IR 100', bytesOf('A', escape('%G'), 'B', escape('')), 'A\ufffdB\ufffd', 2],
  ];
  for (const [term, bytes, text, replacements] of samples) {
    const charset = SpecificCharacterSet.from(term);
    assert.equal(charset.decode(bytes, 'person-name'), text, term);
    assert.equal(charset.replacements, replacements, term);
  }
});

test('the default set reads ASCII', () => {
  assert.equal(SpecificCharacterSet.default.decode(bytesOf('A\\B^C'), 'text'), 'A\\B^C');
  assert.equal(SpecificCharacterSet.default.decode(new Uint8Array(0), 'text'), '');
});
