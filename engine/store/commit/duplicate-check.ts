import type {
  BulkValue,
  InstanceLayout,
  ParsedInstance,
} from '#engine/dicom/instance/parsed-instance.js';
import type { BlobReader } from '../blob/blob-store.js';
import type { CatalogReader } from '../catalog/catalog-reader.js';
import type { BlobLocator, InstanceRecord } from '../catalog/catalog-records.js';
import type { ReceivedBytes } from './received-bytes.js';

export interface Received {
  readonly instance: ParsedInstance;
  readonly bytes: ReceivedBytes;
}

export interface Readers {
  readonly catalog: CatalogReader;
  readonly blobs: BlobReader;
}

/**
 * Whether an instance that is stored is the same as one that came in with its UIDs: same transfer syntax and the same data set,
 * byte by byte or element by element. A sender that encodes anew what it read (DCMTK drops trailing padding) sends other bytes
 * and no other content. The File Meta Information does not count: it names the last sender, and a C-STORE comes without it.
 *
 * Throws `corrupt` when what is stored cannot be read.
 */
export function isSameInstance(
  stored: InstanceRecord,
  partition: number,
  received: Received,
  readers: Readers,
): boolean {
  const { instance, bytes } = received;
  if (stored.transferSyntaxUid !== instance.transferSyntaxUid) return false;
  const layout = readers.catalog.readLayout(partition, stored);
  if (layout === undefined) return false;
  const start = instance.layout.dataSetOffset - instance.prefix.length;
  const length = bytes.length - start;
  const place = { blob: stored.blob, at: layout.dataSetOffset };
  if (stored.blob.length - layout.dataSetOffset === length) {
    if (equalsStored(bytes, { start, length }, place, readers.blobs)) return true;
  }
  return hasSameElements(stored, { partition, layout, received, readers });
}

interface Comparison {
  readonly partition: number;
  /** Of the stored instance. */
  readonly layout: InstanceLayout;
  readonly received: Received;
  readonly readers: Readers;
}

/**
 * Metadata says the same of both, and the values that are not in it are the same bytes. Where metadata lacks something, or
 * positions are those of an inflated data set, only the bytes could tell.
 */
function hasSameElements(
  stored: InstanceRecord,
  { partition, layout, received, readers }: Comparison,
): boolean {
  const { metadata, prefix, layout: other } = received.instance;
  if (layout.isMetadataPartial === true || other.isMetadataPartial === true) return false;
  if (layout.deflated || layout.bulkValues.length !== other.bulkValues.length) return false;
  const known = readers.catalog.readMetadata(partition, stored);
  if (known === undefined || !Buffer.from(known.json).equals(metadata.json)) return false;
  return layout.bulkValues.every((value, n) => {
    const { path, offset, length }: BulkValue = other.bulkValues[n]!;
    if (path !== value.path || length !== value.length) return false;
    const place = { blob: stored.blob, at: value.offset };
    const range = { start: offset - prefix.length, length };
    return equalsStored(received.bytes, range, place, readers.blobs);
  });
}

function equalsStored(
  bytes: ReceivedBytes,
  { start, length }: { readonly start: number; readonly length: number },
  { blob, at }: { readonly blob: BlobLocator; readonly at: number },
  blobs: BlobReader,
): boolean {
  let done = 0;
  if (length === 0) return true;
  for (const all of bytes.pieces(start)) {
    const piece = all.subarray(0, length - done);
    const copy = Buffer.allocUnsafe(piece.length);
    const count = blobs.readSync(blob, at + done, copy);
    if (count !== piece.length || !copy.equals(piece)) return false;
    done += count;
    if (done === length) return true;
  }
  return false;
}
