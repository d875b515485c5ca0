import { GantryError } from '#engine/base/error-catalogue.js';
import type { InstanceLayout } from '#engine/dicom/instance/parsed-instance.js';
import type { BlobSource, Engine } from '#engine/engine-types.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import type { ResponsePart } from './parts-response.js';

/** Media type of a bulk value, PS3.18 §8.7.3.3. */
export const bulkDataType = 'application/octet-stream';

const pixelDataPaths: ReadonlySet<string> = new Set(['7FE00008', '7FE00009', '7FE00010']);

/** Whether the bulk value at the path is the pixel data of the instance. */
export function isPixelData(path: string): boolean {
  return pixelDataPaths.has(path);
}

/** Whether the bulk value is compressed pixel data: it leaves as frames, since a client has no use for the items around them. */
export function isFramed(layout: InstanceLayout, path: string): boolean {
  return isPixelData(path) && layout.pixel.kind === 'encapsulated';
}

/** An instance whose bulk values are sent. */
export interface BulkSource {
  readonly engine: Engine;
  readonly partition: number;
  readonly record: InstanceRecord;
  /** URL of the instance. */
  readonly url: string;
}

/** Bytes of the value at an attribute path; `not-found` when metadata has it inline, or not at all. */
export function readBulkValue({ engine, partition, record }: BulkSource, path: string): BlobSource {
  const value = engine.retrieveBulkValue(partition, record, path);
  if (value === undefined) throw new GantryError('not-found', 'the attribute has no bulk value');
  return value;
}

/** The value at an attribute path as a part. */
export function bulkPart(source: BulkSource, path: string): ResponsePart {
  return {
    contentType: bulkDataType,
    headers: [['Content-Location', `${source.url}/bulkdata/${path}`]],
    body: readBulkValue(source, path),
  };
}
