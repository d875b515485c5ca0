import type { RecordHeader } from '#engine/store/blob/record-header.js';
import type { CatalogRebuilder } from './catalog-rebuilder.js';
import { instanceName } from './instance-name.js';
import type { LossList, RebuildLoss } from './rebuild-report.js';

interface Note {
  readonly header: RecordHeader;
  readonly reason: RebuildLoss['reason'];
  /** The file that holds nothing but this blob. */
  readonly path: string | undefined;
}

/**
 * What is to be said of single instances, until all segments are read: another blob may turn up that is as good. Few, unless much
 * is damaged.
 */
export class RebuildNotes {
  readonly #notes = new Map<string, Note>();

  /** @param path - of the blob's file, when it holds nothing else and would be removed when nothing refers to it */
  add(header: RecordHeader, reason: RebuildLoss['reason'], path?: string): void {
    this.#notes.set(instanceName(header.partition, header), { header, reason, path });
  }

  /** The instance is back as it was. */
  clear(header: RecordHeader): void {
    this.#notes.delete(instanceName(header.partition, header));
  }

  /** Lists what is lost or uncertain; returns the files of blobs that are lost, which somebody may still make something of. */
  async list(losses: LossList, rebuilder: CatalogRebuilder): Promise<string[]> {
    const paths: string[] = [];
    for await (const lost of rebuilder.missing()) {
      const { partition, studyInstanceUid, seriesInstanceUid, sopInstanceUid } = lost;
      const name = instanceName(partition, lost);
      const note = this.#notes.get(name);
      this.#notes.delete(name);
      const reason = note?.reason ?? 'not-in-segments';
      losses.add({ partition, studyInstanceUid, seriesInstanceUid, sopInstanceUid, reason });
      if (note?.path !== undefined) paths.push(note.path);
    }
    for (const { header, reason, path } of this.#notes.values()) {
      const { partition, studyInstanceUid, seriesInstanceUid, sopInstanceUid } = header;
      const instance = { partition, studyInstanceUid, seriesInstanceUid, sopInstanceUid };
      const isDoubt = reason === 'deletion-unknown' || reason === 'version-unknown';
      const sequence = rebuilder.sequenceOf(header);
      if (isDoubt) losses.add({ ...instance, reason });
      else if (sequence !== undefined) {
        // An older version of what cannot be used, or the same blob once more.
        if (sequence < header.sequence) losses.add({ ...instance, reason: 'version-unknown' });
      } else if (!rebuilder.isDeleted(header)) {
        losses.add({ ...instance, reason });
        if (path !== undefined) paths.push(path);
      }
    }
    return paths;
  }
}
