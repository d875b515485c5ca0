import { GantryError } from '#engine/base/error-catalogue.js';
import { limits } from '#engine/base/limits.js';
import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';
import type { CatalogReader } from '#engine/store/catalog/catalog-reader.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';

/** SOP classes of the presentation states that show one image as it is: grey and colour (PS3.3 §A.33.1, §A.33.2). */
const softcopySopClassUids: ReadonlySet<string> = new Set([
  '1.2.840.10008.5.1.4.1.1.11.1',
  '1.2.840.10008.5.1.4.1.1.11.2',
]);

export function isSoftcopyPresentationState(record: InstanceRecord): boolean {
  return softcopySopClassUids.has(sopClassUidOf(record));
}

export function sopClassUidOf({ attributes }: InstanceRecord): string {
  return firstText(attributes, '00080016');
}

/** An image as a presentation state names it. */
export interface PresentedImage {
  readonly record: InstanceRecord;
  /** 1-based. */
  readonly frameNumber: number | undefined;
}

/**
 * The first image that a presentation state refers to (PS3.3 §C.11.11) and that is stored, in the study of the state. Throws
 * `not-acceptable` when there is none.
 */
export function findPresentedImage(
  reader: CatalogReader,
  partition: number,
  state: InstanceRecord,
): PresentedImage {
  for (const series of items(stateAttributes(reader, partition, state), '00081115')) {
    const seriesInstanceUid = firstText(series, '0020000E');
    for (const image of items(series, '00081140')) {
      const record = reader.findInstance(partition, {
        studyInstanceUid: state.studyInstanceUid,
        seriesInstanceUid,
        sopInstanceUid: firstText(image, '00081155'),
      });
      if (record === undefined) continue;
      const frame = image['00081160']?.Value?.[0];
      return { record, frameNumber: frame === undefined ? undefined : Number(frame) };
    }
  }
  throw new GantryError('not-acceptable', 'no image that the presentation state shows is stored');
}

function stateAttributes(
  reader: CatalogReader,
  partition: number,
  state: InstanceRecord,
): JsonDataSet {
  const json = reader.readMetadata(partition, state)?.json;
  if (json === undefined) throw new GantryError('corrupt', 'the metadata record is missing');
  if (json.length > limits.presentationStateBytesMax) {
    throw new GantryError('not-acceptable', 'the presentation state is too long');
  }
  return JSON.parse(
    Buffer.from(json.buffer, json.byteOffset, json.length).toString(),
  ) as JsonDataSet;
}

function items(dataSet: JsonDataSet, tag: string): JsonDataSet[] {
  const values = dataSet[tag]?.vr === 'SQ' ? (dataSet[tag].Value ?? []) : [];
  return values.filter(
    (value): value is JsonDataSet => typeof value === 'object' && value !== null,
  );
}

function firstText(dataSet: JsonDataSet, tag: string): string {
  const value = dataSet[tag]?.Value?.[0];
  return typeof value === 'string' ? value : '';
}
