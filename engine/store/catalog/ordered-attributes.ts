import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';
import { orderedKey, studyOrderKey } from './catalog-keys.js';
import type { OrderedAttribute } from './catalog-keys.js';
import type { StudyRecord } from './catalog-records.js';
import { studyOrderPart } from './study-order.js';

const tagOfAttribute: Readonly<Record<OrderedAttribute, string>> = {
  patientId: '00100020',
  accessionNumber: '00080050',
};

/** Ordered keys of one attribute of one study at most; both have a value multiplicity of one (PS3.6 §6). */
const valuesMax = 4;

/** The ordered keys that find a study by the values of its attributes, and by its place among all. */
export function orderedKeysOf(partition: number, study: StudyRecord): Buffer[] {
  const part = studyOrderPart(study.attributes);
  const keys = [studyOrderKey(partition, part, study.studyInstanceUid)];
  for (const attribute of Object.keys(tagOfAttribute) as OrderedAttribute[]) {
    for (const value of valuesOf(study.attributes, attribute)) {
      keys.push(orderedKey(partition, attribute, value, study.studyInstanceUid));
    }
  }
  return keys;
}

/** Whether the study still has the value that an ordered key found it by. */
export function matchesOrderedAttribute(
  study: StudyRecord,
  attribute: OrderedAttribute,
  value: string,
): boolean {
  return valuesOf(study.attributes, attribute).includes(value.trim());
}

function valuesOf(attributes: JsonDataSet, attribute: OrderedAttribute): string[] {
  const values = attributes[tagOfAttribute[attribute]]?.Value ?? [];
  return values
    .slice(0, valuesMax)
    .filter((value) => typeof value === 'string')
    .map((value) => value.trim())
    .filter((value) => value !== '');
}
