import { assert } from '#engine/base/assert.js';
import type { SpecificCharacterSet } from '#engine/dicom/encoding/specific-character-set.js';

import { formatBinaryNumbers } from './format-binary-numbers.js';
import { formatNumberStrings } from './format-number-strings.js';
import { formatPersonNames } from './format-person-names.js';
import { formatMultiValuedText, formatSingleText } from './format-text.js';

/**
 * JSON text of the Value array of one element, PS3.18 §F.2.2 to §F.2.5, as in `["ORIGINAL","PRIMARY"]`; undefined when the
 * element has no value. `bytes` is the value field (private memory, not shared); any content gives well-formed JSON.
 *
 * - Padding that PS3.5 §6.2 calls insignificant is removed, NUL like space. A `\` separates values except in LT, ST, UT, UR;
 *   an empty value among others is `null`.
 * - PN: objects without empty component groups.
 * - IS, DS: numbers with the digits of the file if every value is a legal JSON number that a double precision reader gets
 *   right, otherwise the whole element as strings (`+1`, `.5`, `007`, `1.`, 18 significant digits).
 * - FL, FD: shortest decimal that reads back to the same value; not finite: `"NaN"`, `"inf"`, `"-inf"`. SV, UV: strings beyond
 *   ±(2^53 − 1). AT: eight upper-case hexadecimal digits. Bytes after the last whole number are ignored.
 *
 * Only for the VRs named in the switch; the others have no Value array of scalars.
 */
export function formatJsonValue(
  vr: string,
  bytes: Uint8Array,
  littleEndian: boolean,
  charset: SpecificCharacterSet,
): string | undefined {
  switch (vr) {
    case 'AE':
    case 'AS':
    case 'CS':
    case 'DA':
    case 'DT':
    case 'LO':
    case 'SH':
    case 'TM':
    case 'UI':
      return formatMultiValuedText(bytes, charset, 'both-ends');
    case 'UC':
      return formatMultiValuedText(bytes, charset, 'end');
    case 'LT':
    case 'ST':
    case 'UR':
    case 'UT':
      return formatSingleText(bytes, charset);
    case 'PN':
      return formatPersonNames(bytes, charset);
    case 'DS':
    case 'IS':
      return formatNumberStrings(bytes, charset);
    case 'AT':
    case 'FD':
    case 'FL':
    case 'SL':
    case 'SS':
    case 'SV':
    case 'UL':
    case 'US':
    case 'UV':
      return formatBinaryNumbers(vr, bytes, littleEndian);
    default:
      assert(false, `VR ${vr} has no scalar values`);
  }
}
