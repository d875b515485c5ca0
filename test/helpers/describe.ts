import assert from 'node:assert/strict';

import type { ErrorCode } from '#engine/base/error-catalogue.js';
import { MemoryByteSource } from '#engine/dicom/instance/byte-source.js';
import {
  type AnnouncedDataSet,
  describeInstance,
  type DescribedInstance,
} from '#engine/dicom/instance/describe-instance.js';
import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';

/** Describes bytes that must be good. */
export async function describeGood(
  bytes: Uint8Array,
  announced?: AnnouncedDataSet,
): Promise<DescribedInstance> {
  const result = await describeInstance(new MemoryByteSource([bytes]), announced);
  assert.ok(result.ok, result.ok ? '' : result.error.message);
  return result.instance;
}

/** Code of the error that bytes give; `ok` when they give none. */
export async function describeCode(
  bytes: Uint8Array,
  announced?: AnnouncedDataSet,
): Promise<ErrorCode | 'ok'> {
  const result = await describeInstance(new MemoryByteSource([bytes]), announced);
  return result.ok ? 'ok' : result.error.code;
}

export function metadataOf(instance: DescribedInstance): JsonDataSet {
  return JSON.parse(Buffer.from(instance.metadata.json).toString('utf8')) as JsonDataSet;
}
