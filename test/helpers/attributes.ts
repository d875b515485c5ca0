import { AttributeReader } from '#engine/codec/render/attribute-reader.js';
import type { AttributeBulkValue } from '#engine/codec/render/rendering.js';
import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';

/** Attributes as a renderer reads them, from a DICOM JSON object. */
export function attributesOf(
  dataSet: JsonDataSet,
  bulkValues: readonly AttributeBulkValue[] = [],
  isBigEndian = false,
): AttributeReader {
  return AttributeReader.open({
    json: Buffer.from(JSON.stringify(dataSet)),
    bulkValues,
    isBigEndian,
  });
}

/** Words as a binary value. */
export function inlineWords(words: readonly number[]): { vr: string; InlineBinary: string } {
  const bytes = Buffer.from(Uint16Array.from(words).buffer);
  return { vr: 'OW', InlineBinary: bytes.toString('base64') };
}
