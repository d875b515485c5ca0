import { SpecificCharacterSet } from '#engine/dicom/encoding/specific-character-set.js';
import { formatJsonValue } from '#engine/dicom/json-model/format-json-value.js';

import type { MicroBench } from './micro-bench.js';

const latin1 = SpecificCharacterSet.from('ISO_IR 100');
const utf8 = SpecificCharacterSet.from('ISO_IR 192');
const japanese = SpecificCharacterSet.from('\\ISO 2022 IR 87');

const kanjiName = 'Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B';

/** Values as they stand in the header of a CT image, then the dearer kinds. */
export const microBenches: readonly MicroBench[] = [
  benchOf('UI', '1.2.840.113619.2.55.3.604688119.971.1\0'),
  benchOf('CS', 'ORIGINAL\\PRIMARY\\AXIAL '),
  benchOf('LO', 'CHEST ROUTINE 1 '),
  benchOf('DA', '20240229'),
  benchOf('PN', 'Doe^Jane'),
  benchOf('IS', '12'),
  benchOf('DS', '0.976562\\0.976562 '),
  benchOf('US', '\0\x02'),
  benchOf('FL', '\xcd\xcc\xcc\x3d'),
  benchOf('PN', 'M\xfcller^J\xf6rg', latin1, 'Latin-1'),
  benchOf('PN', Buffer.from('Müller^Jörg').toString('latin1'), utf8, 'UTF-8'),
  benchOf('PN', kanjiName, japanese, 'ISO 2022'),
];

function benchOf(
  vr: string,
  content: string,
  charset = SpecificCharacterSet.default,
  note = '',
): MicroBench {
  const bytes = Uint8Array.from(Buffer.from(content, 'latin1'));
  return {
    name: `format JSON value: ${vr}${note && ` (${note})`}, ${bytes.length} bytes`,
    run: () => formatJsonValue(vr, bytes, true, charset),
  };
}
