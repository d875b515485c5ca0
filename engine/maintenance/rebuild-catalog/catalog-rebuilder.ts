import { closeSync, openSync, readSync } from 'node:fs';
import { readIndexedAttributes } from '#engine/dicom/instance/parsed-instance.js';
import type { IndexedInstance } from '#engine/dicom/instance/parsed-instance.js';
import { readRecordHeader, recordHeaderBytes } from '#engine/store/blob/record-header.js';
import type { RecordHeader } from '#engine/store/blob/record-header.js';
import { segmentPath } from '#engine/store/blob/segment-files.js';
import type { BlobLocator, InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import { putHierarchy, putInstance } from '#engine/store/commit/group-records.js';
import type { AddedInstance } from '#engine/store/commit/parent-records.js';
import { removeInstances } from '#engine/store/commit/remove-instances.js';
import type { StoreWriter } from '#engine/store/commit/store-writer.js';
import type { ParsePool } from '#engine/threads/parse-pool.js';
import type { InstanceRow } from '#engine/index/duckdb-query-index.js';
import { instanceName } from './instance-name.js';
import type { IndexWitness } from './index-witness.js';
import type { RebuildNotes } from './rebuild-notes.js';
import type { RebuildDoubtReason } from './rebuild-report.js';

/** A blob that was found in a segment file, whole. */
export interface FoundBlob {
  readonly header: RecordHeader;
  readonly locator: BlobLocator;
  readonly blockChecksums: Uint8Array;
}

export interface CatalogRebuilderOptions {
  /** Directory of the segment files. */
  readonly directory: string;
  readonly writer: StoreWriter;
  readonly parsePool: Pick<ParsePool, 'parse'>;
  /** Undefined: what comes is taken as what was there. */
  readonly witness: IndexWitness | undefined;
  readonly notes: RebuildNotes;
}

/** A blob of which the index says that its instance is there. */
interface LiveBlob extends FoundBlob {
  readonly doubt: RebuildDoubtReason | undefined;
}

/**
 * Gives blobs that are found in segments their records back, in groups, by the parse workers that saw them when they came in and
 * with the records that a commit writes. Of several blobs with the same UIDs the one of the latest change stays.
 */
export class CatalogRebuilder {
  readonly #options: CatalogRebuilderOptions;
  /** Instances that are back. */
  instanceCount = 0;
  deletedCount = 0;
  supersededCount = 0;

  constructor(options: CatalogRebuilderOptions) {
    this.#options = options;
  }

  /** Takes up the blobs of one group, all of one partition. */
  async add(group: readonly FoundBlob[]): Promise<void> {
    const live = await this.#withoutDeleted(this.#newestOf(group));
    const { catalog } = this.#options.writer;
    const stored = catalog.findInstances(
      live[0]?.header.partition ?? 0,
      live.map(({ header }) => header),
    );
    const parsed = await Promise.all(live.map((blob) => this.#parse(blob)));
    const fresh: AddedBlob[] = [];
    live.forEach((blob, n) => {
      const instance = parsed[n];
      if (instance === undefined) return;
      const known = stored[n];
      if (known === undefined) fresh.push({ blob, instance });
      else if (this.#headerSequenceOf(known) >= blob.header.sequence) this.#supersede(blob);
      else this.#replace(known, { blob, instance });
    });
    this.#write(fresh);
  }

  /** Instances that the index has and the catalogue has not, when all blobs have been added. */
  async *missing(): AsyncGenerator<InstanceRow> {
    for await (const page of this.#options.witness?.pages() ?? []) {
      for (const partition of new Set(page.map((each) => each.partition))) {
        const wanted = page.filter((each) => each.partition === partition);
        const found = this.#options.writer.catalog.findInstances(partition, wanted);
        for (const [n, instance] of wanted.entries()) {
          if (found[n] === undefined) yield instance;
        }
      }
    }
  }

  /** Whether the index knows that the instance of a blob, which it does not have, was deleted. */
  isDeleted({ sequence }: RecordHeader): boolean {
    const { witness } = this.#options;
    return witness !== undefined && sequence <= witness.sequence;
  }

  /** The change that brought the instance that is back under these UIDs; undefined when none is. */
  sequenceOf(header: RecordHeader): number | undefined {
    const record = this.#options.writer.catalog.findInstance(header.partition, header);
    return record === undefined ? undefined : this.#headerSequenceOf(record);
  }

  #newestOf(group: readonly FoundBlob[]): FoundBlob[] {
    const newest = new Map<string, FoundBlob>();
    for (const blob of group) {
      const name = instanceName(blob.header.partition, blob.header);
      const known = newest.get(name);
      const isOlder = known !== undefined && known.header.sequence >= blob.header.sequence;
      if (known !== undefined) this.#supersede(isOlder ? blob : known);
      if (!isOlder) newest.set(name, blob);
    }
    return [...newest.values()];
  }

  async #withoutDeleted(group: readonly FoundBlob[]): Promise<LiveBlob[]> {
    const { witness, writer } = this.#options;
    const [first] = group;
    if (witness === undefined || first === undefined) {
      return group.map((blob) => ({ ...blob, doubt: undefined }));
    }
    const known = await witness.sequencesOf(
      first.header.partition,
      group.map(({ header }) => header),
      Math.min(...group.map(({ header }) => header.sequence)),
    );
    const live: LiveBlob[] = [];
    for (const blob of group) {
      const { header } = blob;
      const sequence = known.get(instanceName(header.partition, header));
      if (header.sequence > witness.sequence) live.push({ ...blob, doubt: 'deletion-unknown' });
      else if (sequence === undefined) {
        this.deletedCount += 1;
        writer.usage.addGarbage(blob.locator);
      } else {
        live.push({ ...blob, doubt: sequence > header.sequence ? 'version-unknown' : undefined });
      }
    }
    return live;
  }

  /** Undefined when the bytes cannot be read as the instance that their header names. */
  async #parse({ header, locator }: FoundBlob): Promise<IndexedInstance | undefined> {
    const { segment, offset, length } = locator;
    const kind = locator.store === 'segment' ? 'seg' : 'big';
    const path = segmentPath(this.#options.directory, segment, kind);
    const source = { kind: 'file', path, offset, length } as const;
    const result = await this.#options.parsePool.parse({ source });
    if (result.ok) {
      const { instance } = result;
      const { partition } = header;
      const isIt =
        instanceName(partition, instance.identifiers) === instanceName(partition, header);
      if (isIt) return { ...instance, attributes: readIndexedAttributes(instance) };
    }
    this.#options.notes.add(header, 'unreadable', kind === 'big' ? path : undefined);
    return undefined;
  }

  #write(added: readonly AddedBlob[]): void {
    if (added.length === 0) return;
    const { writer } = this.#options;
    const additions = added.map((each, n) => additionOf(each, writer.sequence + 1 + n));
    additions.forEach((addition, n) => {
      const { blob } = added[n]!;
      writer.usage.add(blob.locator);
      putInstance(writer.batch, addition, blob.locator);
      this.#noteBack(blob);
    });
    const changes = writer.hierarchy.apply(additions);
    putHierarchy(writer.batch, changes);
    writer.write(writer.sequence + additions.length, changes);
    this.instanceCount += additions.length;
  }

  /** As a commit replaces an instance, with the older blob as garbage. */
  #replace(known: InstanceRecord, added: AddedBlob): void {
    const { writer } = this.#options;
    const addition = additionOf(added, writer.sequence + 1);
    removeInstances(writer, addition.partition, [known], 0);
    this.supersededCount += 1;
    writer.usage.add(added.blob.locator);
    putInstance(writer.batch, addition, added.blob.locator, 'replace');
    const changes = writer.hierarchy.replace(known, addition);
    putHierarchy(writer.batch, changes);
    writer.write(addition.sequence, changes);
    this.#noteBack(added.blob);
  }

  #noteBack({ header, doubt }: LiveBlob): void {
    const { notes } = this.#options;
    if (doubt === undefined) notes.clear(header);
    else notes.add(header, doubt);
  }

  #supersede({ locator }: FoundBlob): void {
    this.supersededCount += 1;
    this.#options.writer.usage.addGarbage(locator);
  }

  /** The change that brought an instance, as the header of its blob says. */
  #headerSequenceOf({ blob }: InstanceRecord): number {
    const isSegment = blob.store === 'segment';
    const path = segmentPath(this.#options.directory, blob.segment, isSegment ? 'seg' : 'big');
    const fd = openSync(path, 'r');
    try {
      const head = Buffer.alloc(recordHeaderBytes);
      const position = isSegment ? blob.offset - recordHeaderBytes : 0;
      readSync(fd, head, 0, head.length, position);
      return readRecordHeader(head).sequence;
    } finally {
      closeSync(fd);
    }
  }
}

interface AddedBlob {
  readonly blob: LiveBlob;
  readonly instance: IndexedInstance;
}

function additionOf({ blob, instance }: AddedBlob, sequence: number): AddedInstance {
  const { header, locator, blockChecksums } = blob;
  const { partition, createdAtMs } = header;
  const storedBytes = locator.length;
  return { partition, instance, sequence, createdAtMs, storedBytes, blockChecksums };
}
