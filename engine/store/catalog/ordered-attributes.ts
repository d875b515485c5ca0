import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';
import { orderedKey, patientNameKey, studyOrderKey } from './catalog-keys.js';
import type { OrderedAttribute } from './catalog-keys.js';
import type { StudyRecord } from './catalog-records.js';
import { encodeStudyGist, searchNamesOf } from './study-gist.js';
import { studyOrderPart, studyPlace } from './study-order.js';

const tagOfAttribute: Readonly<Record<OrderedAttribute, string>> = {
  patientId: '00100020',
  accessionNumber: '00080050',
};

/** Ordered keys of one attribute of one study at most; both have a value multiplicity of one (PS3.6 §6). */
const valuesMax = 4;

/** Component groups of names of one study that have a key: those of four names at most. */
const namesMax = 3 * valuesMax;

/** An entry of the column `catalog` that leads to a study. */
export interface OrderedEntry {
  readonly key: Buffer;
  readonly value: Buffer;
}

const noValue = Buffer.alloc(0);

/** The ordered entries that find a study by the values of its attributes, and by its place among all. */
export function orderedEntriesOf(partition: number, study: StudyRecord): OrderedEntry[] {
  const { studyInstanceUid, attributes } = study;
  const part = studyOrderPart(attributes);
  const place = studyOrderKey(partition, studyPlace(part, studyInstanceUid));
  const entries = [{ key: place, value: encodeStudyGist(study) }];
  for (const attribute of Object.keys(tagOfAttribute) as OrderedAttribute[]) {
    for (const value of valuesOf(attributes, attribute)) {
      entries.push({
        key: orderedKey(partition, attribute, value, studyInstanceUid),
        value: noValue,
      });
    }
  }
  for (const name of searchNamesOf(attributes).slice(0, namesMax)) {
    entries.push({ key: patientNameKey(partition, name, part, studyInstanceUid), value: noValue });
  }
  return entries;
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
