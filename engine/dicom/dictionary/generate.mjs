// Writes tags.generated.ts from the facts of dcmjs's dictionary (PS3.6): `node engine/dicom/dictionary/generate.mjs`.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { DicomMetaDictionary } = createRequire(import.meta.url)('dcmjs').data;

// The one repeating element of PS3.6 that the source lacks: (0020,31xx).
const lines = new Map([['00203100', '00203100CSSourceImageIDs']]);
for (const [name, { tag, vr }] of Object.entries(DicomMetaDictionary.nameMap)) {
  const hex = tag.slice(1, 5) + tag.slice(6, 10);
  if (!/^[0-9A-F]{8}$/.test(hex) || hex.startsWith('FFFEE')) continue;
  const keyword = name.replace(/^RETIRED_/, '');
  if (!/^[A-Za-z][A-Za-z0-9]*$/.test(keyword)) continue;
  lines.set(hex, `${hex}${vr === 'up' ? 'UL' : vr}${keyword}`);
}
const text = [...lines.values()].sort().join('\n');

writeFileSync(
  new URL('tags.generated.ts', import.meta.url),
  `/**
 * The data dictionary of PS3.6 Table 6-1, one attribute a line: eight hexadecimal digits, VR, keyword. Repeating groups are
 * listed under their first group. VRs that depend on other attributes are \`ox\` (OB or OW), \`xs\` (US or SS) and \`lt\` (US or OW).
 * Written by generate.mjs.
 */
export const dictionaryText = \`${text}\`;
`,
);
console.log(`${lines.size} attributes`);
