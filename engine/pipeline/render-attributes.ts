import { GantryError } from '#engine/base/error-catalogue.js';
import { limits } from '#engine/base/limits.js';
import type { AttributeBulkValue, AttributeSource } from '#engine/codec/render/rendering.js';
import { explicitVrBigEndianUid } from '#engine/dicom/dictionary/transfer-syntaxes.js';
import { topLevelHead } from '#engine/dicom/json-model/top-level-head.js';
import type { CatalogReader } from '#engine/store/catalog/catalog-reader.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import type { InstanceLayouts } from './instance-layouts.js';
import type { BlobRangeReader } from './read-blob.js';
import { retrieveBulkValue } from './retrieve-bulkdata.js';
import { readWhole } from './retrieve-instance.js';

/** Look-up tables, palettes, colour profiles and the data of overlays, wherever in a data set. */
const wantedTag = /(00282000|00283006|002812[02][123]|60[01][0-9A-F]3000)$/;
const sharedFunctionalGroupsTag = '52009229';

export interface AttributeParts {
  readonly reader: CatalogReader;
  readonly layouts: InstanceLayouts;
  readonly blobs: BlobRangeReader;
}

/**
 * What a renderer needs of an instance beside its frames. Bulk values beyond the limit are left out, as are the functional
 * groups of single frames where metadata are longer than it: the picture then goes without them.
 */
export async function readRenderAttributes(
  parts: AttributeParts,
  partition: number,
  record: InstanceRecord,
): Promise<AttributeSource> {
  const { reader, layouts, blobs } = parts;
  const document = reader.readMetadata(partition, record);
  if (document === undefined) throw new GantryError('corrupt', 'the metadata record is missing');
  const isTooLong = document.json.length > limits.renderAttributeBytesMax;
  const json = isTooLong
    ? Buffer.from(topLevelHead(document.json, sharedFunctionalGroupsTag))
    : document.json;
  const bulkValues: AttributeBulkValue[] = [];
  let bytesLeft = limits.renderAttributeBytesMax;
  for (const { path, vr, length } of layouts.layoutOf(partition, record).bulkValues) {
    if (!wantedTag.test(path) || length > bytesLeft) continue;
    const source = retrieveBulkValue(blobs, layouts, { partition, record, path });
    if (source === undefined) continue;
    bulkValues.push({ path, vr, bytes: await readWhole(source) });
    bytesLeft -= length;
  }
  return { json, bulkValues, isBigEndian: record.transferSyntaxUid === explicitVrBigEndianUid };
}
