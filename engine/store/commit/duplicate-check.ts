import type { ParsedInstance } from '#engine/dicom/instance/parsed-instance.js';
import type { BlobReader } from '../blob/blob-store.js';
import type { CatalogReader } from '../catalog/catalog-reader.js';
import type { InstanceRecord } from '../catalog/catalog-records.js';
import type { ReceivedBytes } from './received-bytes.js';

/**
 * Whether an instance that is stored is the same as one that came in with its UIDs: same transfer syntax and same bytes of the
 * data set. The File Meta Information does not count: it names the last sender, and a C-STORE comes without it.
 *
 * Throws `corrupt` when the stored bytes cannot be read.
 */
export function isSameInstance(
  stored: InstanceRecord,
  partition: number,
  received: { readonly instance: ParsedInstance; readonly bytes: ReceivedBytes },
  readers: { readonly catalog: CatalogReader; readonly blobs: BlobReader },
): boolean {
  const { instance, bytes } = received;
  if (stored.transferSyntaxUid !== instance.transferSyntaxUid) return false;
  const layout = readers.catalog.readLayout(partition, stored);
  if (layout === undefined) return false;
  const storedLength = stored.blob.length - layout.dataSetOffset;
  const start = instance.layout.dataSetOffset - instance.prefix.length;
  if (storedLength !== bytes.length - start) return false;
  let position = layout.dataSetOffset;
  for (const piece of bytes.pieces(start)) {
    const copy = Buffer.allocUnsafe(piece.length);
    const count = readers.blobs.readSync(stored.blob, position, copy);
    if (count !== piece.length || !copy.equals(piece)) return false;
    position += count;
  }
  return true;
}
