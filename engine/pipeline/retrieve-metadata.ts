import { storedText, type DeflatedText } from '#engine/base/deflated-text.js';
import { GantryError } from '#engine/base/error-catalogue.js';
import type { MetadataDocument } from '#engine/dicom/instance/parsed-instance.js';
import type { CatalogReader } from '#engine/store/catalog/catalog-reader.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';

/**
 * Metadata of the instances, each as UTF-8 JSON text of one object (PS3.18 §F.2), as derived at ingest, with the URL of the
 * instance put in front of each BulkDataURI. All are read in one go.
 */
export function retrieveMetadata(
  reader: CatalogReader,
  partition: number,
  records: readonly InstanceRecord[],
  urlOf: (record: InstanceRecord) => string,
): Uint8Array[] {
  return documentsOf(reader, partition, records).map((document, n) =>
    withUrls(document, urlOf(records[n]!)),
  );
}

/** As `retrieveMetadata`, each text in pieces as they are kept, to be joined to a gzip stream. */
export function retrieveDeflatedMetadata(
  reader: CatalogReader,
  partition: number,
  records: readonly InstanceRecord[],
  urlOf: (record: InstanceRecord) => string,
): DeflatedText[][] {
  return documentsOf(reader, partition, records).map((document, n) => {
    const url = storedText(Buffer.from(urlOf(records[n]!), 'utf8'));
    return piecesOf(document).flatMap((piece, place) => (place === 0 ? [piece] : [url, piece]));
  });
}

function documentsOf(
  reader: CatalogReader,
  partition: number,
  records: readonly InstanceRecord[],
): MetadataDocument[] {
  return reader.readMetadataMany(partition, records).map((document) => {
    if (document === undefined) throw new GantryError('corrupt', 'the metadata record is missing');
    return document;
  });
}

/** Those of a document that was stored before documents were deflated are not. */
function piecesOf(document: MetadataDocument): readonly DeflatedText[] {
  if (document.pieces !== undefined) return document.pieces;
  const { json, uriOffsets } = document;
  const borders = [0, ...uriOffsets, json.length];
  return borders.slice(1).map((end, n) => storedText(json.subarray(borders[n], end)));
}

function withUrls({ json, uriOffsets }: MetadataDocument, instanceUrl: string): Uint8Array {
  if (uriOffsets.length === 0) return json;
  const url = Buffer.from(instanceUrl, 'utf8');
  const result = Buffer.allocUnsafe(json.length + url.length * uriOffsets.length);
  let source = 0;
  let target = 0;
  for (const offset of [...uriOffsets, json.length]) {
    result.set(json.subarray(source, offset), target);
    target += offset - source;
    source = offset;
    if (target < result.length) target += url.copy(result, target);
  }
  return result;
}
