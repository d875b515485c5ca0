import type { InstanceLayout, MetadataDocument } from '#engine/dicom/instance/parsed-instance.js';
import { contentOf, createSealable, seal, unseal } from './sealed-value.js';

/**
 * What is kept beside an instance record, each value sealed with a checksum.
 *
 * metadata: count u32 of the URI offsets, offsets u32 (little-endian), JSON text
 * layout: JSON text of `InstanceLayout`
 * frame table page: entries as ../../dicom/pixel-data/frame-table.ts encodes them
 */
const metadataVersion = 1;
const layoutVersion = 1;
const frameTablePageVersion = 1;

export function encodeMetadata(document: MetadataDocument): Buffer {
  const { json, uriOffsets } = document;
  const jsonAt = 4 + 4 * uriOffsets.length;
  const value = createSealable(metadataVersion, jsonAt + json.length);
  const content = contentOf(value);
  content.writeUInt32LE(uriOffsets.length, 0);
  for (let n = 0; n < uriOffsets.length; n++) content.writeUInt32LE(uriOffsets[n]!, 4 + 4 * n);
  content.set(json, jsonAt);
  return seal(value);
}

/** The document's `json` is a view of `value`. Throws `corrupt`. */
export function decodeMetadata(value: Buffer): MetadataDocument {
  const content = unseal(value, metadataVersion, 'metadata document');
  const count = content.readUInt32LE(0);
  const uriOffsets: number[] = [];
  for (let n = 0; n < count; n++) uriOffsets.push(content.readUInt32LE(4 + 4 * n));
  return { json: content.subarray(4 + 4 * count), uriOffsets };
}

export function encodeLayout(layout: InstanceLayout): Buffer {
  const json = JSON.stringify(layout);
  const value = createSealable(layoutVersion, Buffer.byteLength(json));
  contentOf(value).write(json, 'utf8');
  return seal(value);
}

/** Throws `corrupt`. */
export function decodeLayout(value: Buffer): InstanceLayout {
  return JSON.parse(unseal(value, layoutVersion, 'layout').toString('utf8')) as InstanceLayout;
}

export function encodeFrameTablePage(entries: Uint8Array): Buffer {
  const value = createSealable(frameTablePageVersion, entries.length);
  contentOf(value).set(entries);
  return seal(value);
}

/** The encoded entries, a view of `value`. Throws `corrupt`. */
export function decodeFrameTablePage(value: Buffer): Buffer {
  return unseal(value, frameTablePageVersion, 'frame table page');
}
