import type { Engine, RetrieveTarget } from '#engine/engine-types.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import { coversType, type AcceptedMedia } from '#src/http/accept.js';
import type { RequestContext } from '#src/http/request-context.js';
import {
  centralDirectoryHeader,
  endOfCentralDirectory,
  localFileHeader,
  type ZipEntry,
} from '#src/zip/zip-records.js';
import { respondBytes } from './bytes-response.js';
import type { Section } from './section-source.js';

const zipType = 'application/zip';

/** Whether an archive is what the client likes best; a wildcard is not asking for one. */
export function prefersZip(accepted: readonly AcceptedMedia[]): boolean {
  const first = accepted.find(
    (media) => media.type === zipType || coversType(media, 'application/dicom'),
  );
  return first?.type === zipType;
}

/**
 * Answers with the instances as they are stored, in one ZIP archive. Its bytes follow from the records alone: the length is told
 * and ranges are served, so that a download can be taken up again. An instance that comes or goes meanwhile breaks the
 * connection, because the length no longer holds.
 */
export async function respondZip(
  context: RequestContext,
  engine: Engine,
  target: RetrieveTarget,
  etag: string,
): Promise<void> {
  const length = await archiveLength(engine, target);
  if (context.isAborted) return;
  const { studyInstanceUid, seriesInstanceUid, sopInstanceUid } = target;
  const name = sopInstanceUid ?? seriesInstanceUid ?? studyInstanceUid;
  await respondBytes(
    context,
    {
      status: 200,
      contentType: zipType,
      etag,
      headers: [['content-disposition', `attachment; filename="${name}.zip"`]],
    },
    length,
    () => archiveSections(engine, target),
  );
}

async function archiveLength(engine: Engine, target: RetrieveTarget): Promise<number> {
  let count = 0;
  let contents = 0;
  let directory = 0;
  for (const page of engine.instancePages(target)) {
    for (const entry of page.map(entryOf)) {
      directory += centralDirectoryHeader(entry, contents).length;
      contents += localFileHeader(entry).length + entry.length;
      count++;
    }
    await new Promise(setImmediate);
  }
  return contents + directory + endOfCentralDirectory(count, contents, directory).length;
}

/** Nothing of an entry is kept for the directory: the records are read a second time. */
function* archiveSections(engine: Engine, target: RetrieveTarget): Generator<Section> {
  for (const page of engine.instancePages(target)) {
    for (const record of page) {
      yield localFileHeader(entryOf(record));
      yield engine.retrieveInstance(target.partition, record);
    }
  }
  let count = 0;
  let contents = 0;
  let directory = 0;
  for (const page of engine.instancePages(target)) {
    for (const entry of page.map(entryOf)) {
      const header = centralDirectoryHeader(entry, contents);
      directory += header.length;
      contents += localFileHeader(entry).length + entry.length;
      count++;
      yield header;
    }
  }
  yield endOfCentralDirectory(count, contents, directory);
}

function entryOf({
  seriesInstanceUid,
  sopInstanceUid,
  blob,
  createdAtMs,
}: InstanceRecord): ZipEntry {
  return {
    name: `${seriesInstanceUid}/${sopInstanceUid}.dcm`,
    length: blob.length,
    crc32: blob.crc32,
    modifiedAtMs: createdAtMs,
  };
}
