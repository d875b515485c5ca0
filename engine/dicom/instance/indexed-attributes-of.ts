import { indexedAttributes, type QueryLevel } from '#engine/dicom/indexed-attributes.js';
import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';
import type { IndexedAttributes, MetadataDocument } from './parsed-instance.js';

/** The indexed attributes of an instance from its metadata: what they were when it was described. */
export function indexedAttributesOf({ json }: MetadataDocument): IndexedAttributes {
  const all = JSON.parse(Buffer.from(json).toString('utf8')) as JsonDataSet;
  const picked: Record<QueryLevel, JsonDataSet> = { study: {}, series: {}, instance: {} };
  for (const { tag, level } of indexedAttributes) {
    const element = all[tag];
    // Records are not served through the URL of an instance, so they hold no BulkDataURI.
    if (element === undefined || JSON.stringify(element).includes('"BulkDataURI":')) continue;
    picked[level][tag] = element;
  }
  return picked;
}
