import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { SpecificCharacterSet } from '#engine/dicom/encoding/specific-character-set.js';
import { corpusDir, corpusMissing } from '#test/helpers/corpus.js';

const folder = path.join(corpusDir, 'charset');

/** Names that dcmdump cannot convert: it has no ISO 2022 IR 87 with the C library's iconv, and no misspelt terms. */
const knownNames: Readonly<Record<string, string>> = {
  'pydicom__charset_files__chrH31.dcm': 'Yamada^Tarou=山田^太郎=やまだ^たろう',
  'pydicom__charset_files__chrH32.dcm': 'ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう',
  'pydicom__charset_files__chrJapMulti.dcm': 'やまだ^たろう',
  'pydicom__test_files__J2K_pixelrep_mismatch.dcm': 'JXD191021006',
  'dicomParser__multi-frame__IM00001.fragmented_no_bot_jpeg_baseline.50.dcm': 'US Echo',
  'dicomParser__multi-frame__IM00001.implicit_little_endian.dcm': 'US Echo',
};

/** Value of the first element with this little-endian tag, found by its bytes; either VR form, short text only. */
function scanValue(file: Buffer, tag: readonly number[], vr: string): Buffer {
  const at = file.indexOf(Buffer.from(tag), 132);
  assert.ok(at > 0);
  const isExplicit = file.toString('latin1', at + 4, at + 6) === vr;
  const length = isExplicit ? file.readUInt16LE(at + 6) : file.readUInt32LE(at + 4);
  return file.subarray(at + 8, at + 8 + length);
}

function nameByDcmdump(file: string): string {
  const output = execFileSync('dcmdump', ['-q', '+L', '+U8', '+P', '0010,0010', file]).toString();
  return /PN \[(.*)\]/.exec(output)?.[1]?.trimEnd() ?? '';
}

test('names of real files are those that dcmdump reads', (t) => {
  if (corpusMissing !== false) return t.skip(corpusMissing);
  if (spawnSync('dcmdump', ['--version']).error) return t.skip('NO dcmdump: install dcmtk');
  for (const name of readdirSync(folder)) {
    const file = path.join(folder, name);
    const bytes = readFileSync(file);
    const term = scanValue(bytes, [0x08, 0x00, 0x05, 0x00], 'CS').toString('latin1');
    const value = Uint8Array.from(scanValue(bytes, [0x10, 0x00, 0x10, 0x00], 'PN'));
    const charset = SpecificCharacterSet.from(term);
    const decoded = charset.decode(value, 'person-name').trimEnd();
    assert.equal(decoded, knownNames[name] ?? nameByDcmdump(file), name);
    assert.equal(charset.replacements, 0, name);
  }
});
