import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  ambiguousVr,
  dictionaryVr,
  isDictionaryTag,
  keywordOfTag,
  tagHex,
  tagOfKeyword,
  tagText,
} from '#engine/dicom/dictionary/dictionary.js';
import { storageSopClasses } from '#engine/dicom/dictionary/sop-classes.js';
import {
  findTransferSyntax,
  transferSyntaxes,
} from '#engine/dicom/dictionary/transfer-syntaxes.js';
import { inlineBytesMax, vrCode, vrName, wordBytes } from '#engine/dicom/dictionary/vr.js';
import { isUid } from '#engine/base/uid.js';
import { indexedAttributes } from '#engine/dicom/indexed-attributes.js';
import { corpusMissing, corpusFiles } from '#test/helpers/corpus.js';

test('the dictionary knows tags, VRs and keywords', () => {
  assert.equal(vrName(dictionaryVr(0x00100010)), 'PN');
  assert.equal(keywordOfTag(0x00100010), 'PatientName');
  assert.equal(tagOfKeyword('PatientName'), 0x00100010);
  assert.equal(tagOfKeyword('NoSuchKeyword'), undefined);
  assert.equal(dictionaryVr(0x7fe00010), ambiguousVr.ox);
  assert.equal(dictionaryVr(0x00280106), ambiguousVr.xs);
});

test('PS3.5 §7.6 repeating groups have the VR of their first group', () => {
  assert.equal(vrName(dictionaryVr(0x60120010)), 'US');
  assert.equal(keywordOfTag(0x60120010), 'OverlayRows');
  assert.equal(vrName(dictionaryVr(0x50fe0005)), 'US');
  assert.equal(keywordOfTag(0x002031ff), 'SourceImageIDs');
});

test('PS3.5 §7.2 §7.8.1 group lengths, private creators and unknown tags', () => {
  assert.equal(vrName(dictionaryVr(0x00090000)), 'UL');
  assert.equal(vrName(dictionaryVr(0x00090010)), 'LO');
  assert.equal(vrName(dictionaryVr(0x00091001)), 'UN');
  assert.equal(vrName(dictionaryVr(0x0008fff0)), 'UN');
  assert.equal(isDictionaryTag(0x00091001), false);
});

test('every indexed attribute is in the dictionary with its VR', () => {
  for (const { tag, keyword, vr } of indexedAttributes) {
    assert.equal(keywordOfTag(Number.parseInt(tag, 16)), keyword);
    assert.equal(vrName(dictionaryVr(Number.parseInt(tag, 16))), vr, tag);
  }
});

test('tags are written as upper-case hexadecimal digits', () => {
  assert.equal(tagHex(0x7fe00010), '7FE00010');
  assert.equal(tagText(0x0020000d), '(0020,000D)');
});

test('VRs: names, word sizes and inline limits', () => {
  assert.equal(vrName(vrCode('UT')), 'UT');
  assert.equal(vrName(vrCode('ZZ')), 'UN');
  assert.deepEqual(
    ['OB', 'OW', 'OF', 'OL', 'OD', 'OV', 'UN'].map((name) => wordBytes(vrCode(name))),
    [1, 2, 4, 4, 8, 8, 1],
  );
  assert.ok(inlineBytesMax(vrCode('OB')) < inlineBytesMax(vrCode('UT')));
  assert.equal(inlineBytesMax(vrCode('PN')), Infinity);
});

test('transfer syntaxes and SOP classes have valid and unique UIDs', () => {
  for (const list of [transferSyntaxes, storageSopClasses]) {
    const uids = list.map(({ uid }) => uid);
    assert.ok(uids.every(isUid));
    assert.equal(new Set(uids).size, uids.length);
  }
  assert.equal(findTransferSyntax('1.2.840.10008.1.2.4.102.1')?.isVideo, true);
  assert.equal(findTransferSyntax('1.2.840.10008.1.2.4.90')?.frameMediaType, 'image/jp2');
});

test('every SOP class and transfer syntax of the standard in the corpus is known', (t) => {
  if (corpusMissing !== false) return t.skip(corpusMissing);
  const known = new Set(storageSopClasses.map(({ uid }) => uid));
  for (const { sopClass, transferSyntax, storable } of corpusFiles()) {
    if (!storable) continue;
    if (sopClass.startsWith('1.2.840.10008.5.1.4.1.1.')) assert.ok(known.has(sopClass));
    assert.ok(findTransferSyntax(transferSyntax ?? ''), transferSyntax ?? '');
  }
});
