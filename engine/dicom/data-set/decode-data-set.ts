import { assert } from '#engine/base/assert.js';
import { findTransferSyntax } from '#engine/dicom/dictionary/transfer-syntaxes.js';
import { InstanceDescriber } from '#engine/dicom/instance/instance-describer.js';
import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';
import { Part10Reader } from '#engine/dicom/part10/part10-reader.js';

/**
 * Decodes a small data set, such as the identifier of a DIMSE message, into the JSON model: without group lengths, text decoded
 * from its character set. Values as long as those of instances that metadata leaves out come as a BulkDataURI of no use.
 *
 * The transfer syntax is not a deflated one. Throws `malformed`, `truncated` and `limit-exceeded`.
 */
export function decodeDataSet(bytes: Uint8Array, transferSyntaxUid: string): JsonDataSet {
  assert(findTransferSyntax(transferSyntaxUid)?.isDeflated !== true, 'not a deflated data set');
  const describer = new InstanceDescriber();
  const reader = new Part10Reader(describer, transferSyntaxUid);
  reader.push(bytes);
  reader.end();
  return JSON.parse(Buffer.from(describer.finishMetadata().json).toString('utf8')) as JsonDataSet;
}
