import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { foldText } from '#engine/dicom/encoding/fold-text.js';

const equalTexts: readonly (readonly string[])[] = [
  ['Müller^Jörg', 'MULLER^JORG', 'mu\u0308ller^jorg', 'ＭÜＬＬＥＲ^jorg'],
  ['Ørsted', 'ORSTED'],
  ['Łukasz', 'lukasz'],
  ['Strauß', 'STRAUSS', 'STRAUẞ'],
  ['Çelik İbrahim', 'celik ibrahim', 'CELIK IBRAHİM', 'çelık ıbrahım'],
  ['ﾔﾏﾀﾞ^ﾀﾛｳ', 'ヤマダ^タロウ', 'やまだ^たろう'],
  ['Διονυσιος', 'ΔΙΟΝΎΣΙΟΣ'],
  ['Люксембург', 'ЛЮКСЕМБУРГ'],
  ['홍길동', '홍길동'.normalize('NFD')],
  ['קַבָּנִי', 'קבני'],
  ['قَبَّانِي', 'قباني'],
  ['A\u200bB', 'ab'],
];

for (const texts of equalTexts) {
  test(`PS3.4 C.2.2.2.1 folded alike: ${texts.join(', ')}`, () => {
    assert.deepEqual(new Set(texts.map(foldText)).size, 1);
  });
}

test('different letters stay different', () => {
  assert.notEqual(foldText('か'), foldText('が'));
  assert.notEqual(foldText('ก\u0e34'), foldText('ก\u0e35'));
  assert.notEqual(foldText('山'), foldText('川'));
});

test('ASCII is lower-cased only', () => {
  assert.equal(foldText('Doe^John  A.=*?'), 'doe^john  a.=*?');
});

test('folding twice is folding once', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.equal(foldText(foldText(text)), foldText(text));
    }),
  );
});
