import type {
  JsonDataSet,
  JsonElement,
  JsonValue,
} from '#engine/dicom/json-model/json-model-types.js';

/**
 * Attributes of a study or series after one more of its instances came in: the later instance overrides, but an empty value
 * never replaces a filled one. Senders leave type 2 attributes empty in some objects of a study.
 */
export function mergeAttributes(earlier: JsonDataSet, later: JsonDataSet): JsonDataSet {
  const merged: JsonDataSet = { ...earlier };
  for (const [tag, element] of Object.entries(later)) {
    const known = merged[tag];
    if (known === undefined || !isEmpty(element) || isEmpty(known)) merged[tag] = element;
  }
  return merged;
}

function isEmpty(element: JsonElement): boolean {
  if (element.InlineBinary !== undefined || element.BulkDataURI !== undefined) return false;
  return (element.Value ?? []).every(isEmptyValue);
}

function isEmptyValue(value: JsonValue): boolean {
  if (value === null || value === '') return true;
  return typeof value === 'object' && Object.values(value).every((part) => part === '');
}
