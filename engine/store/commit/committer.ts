import { GantryError } from '#engine/base/error-catalogue.js';
import { isUid } from '#engine/base/uid.js';
import { readIndexedAttributes } from '#engine/dicom/instance/parsed-instance.js';
import type { IndexedInstance, ParsedInstance } from '#engine/dicom/instance/parsed-instance.js';
import type { CommitOutcome, CommitRequest, IndexFeed } from '#engine/threads/task-messages.js';
import type { BlobReader, BlobRecord } from '../blob/blob-store.js';
import { blobOf } from '../blob/spill-files.js';
import type { SpillFiles } from '../blob/spill-files.js';
import type { BlobLocator, InstanceRecord } from '../catalog/catalog-records.js';
import type { FreeSpace } from '../free-space.js';
import { toWriteError } from '../store-errors.js';
import { purgeNamesakes } from './deleted-instances.js';
import { isSameInstance } from './duplicate-check.js';
import { putHierarchy, putInstance } from './group-records.js';
import type { HierarchyChanges } from './hierarchy.js';
import { indexFeedOf } from './index-feed.js';
import { removeInstances } from './remove-instances.js';
import type { AddedInstance } from './parent-records.js';
import { receivedBytesOf } from './received-bytes.js';
import type { ReceivedBytes } from './received-bytes.js';
import type { StoreWriter } from './store-writer.js';

export interface CommitterOptions {
  readonly arena: SharedArrayBuffer;
  readonly writer: StoreWriter;
  readonly blobReader: BlobReader;
  readonly spills: SpillFiles;
  readonly freeSpace: FreeSpace;
  /** How long the bytes of a replaced instance can still be read by those who know where they are. */
  readonly garbageGraceMs: number;
}

/** What became of one group: an outcome per request, and what the index must apply to see it. */
export interface CommittedGroup {
  readonly outcomes: readonly CommitOutcome[];
  readonly feeds: readonly IndexFeed[];
}

interface Candidate {
  readonly request: CommitRequest;
  /** Of the request. */
  readonly instance: IndexedInstance;
  readonly bytes: ReceivedBytes;
}

/** An instance that takes the place of one with its UIDs. */
interface Replacement extends Candidate {
  readonly replaced: InstanceRecord;
}

/** An instance of the group on its way into the store. */
interface Addition extends AddedInstance {
  readonly candidate: Candidate;
  readonly record: BlobRecord;
}

/** What the group's requests turned out to be, apart from those that have their outcome. */
interface Sorted {
  readonly fresh: readonly Candidate[];
  readonly replacements: readonly Replacement[];
}

/**
 * Commits groups of instances, one group at a time: bytes, and the operations of the batch with all records, to the blob store
 * and synced, then the batch. The batch is the commit point: before it nothing of the group can be read, after it everything.
 */
export class Committer {
  readonly #options: CommitterOptions;

  constructor(options: CommitterOptions) {
    this.#options = options;
  }

  /**
   * Commits a group whose instances all have different UIDs. An operating error fails the requests it concerns, which may be the
   * whole group; any other error is thrown, and then nothing may be committed any more.
   */
  commit(requests: readonly CommitRequest[]): CommittedGroup {
    try {
      const outcomes: CommitOutcome[] = [];
      const { fresh, replacements } = this.#sort(requests, outcomes);
      const feeds = fresh.length === 0 ? [] : this.#write(fresh);
      for (const { request } of fresh) {
        outcomes.push({ commitId: request.commitId, result: 'stored' });
      }
      for (const each of replacements) this.#replaceOne(each, outcomes, feeds);
      return { outcomes, feeds };
    } catch (error) {
      if (!(error instanceof GantryError)) throw error;
      if (error.code === 'corrupt' && requests.length > 1) return this.#commitEach(requests);
      for (const request of requests) this.#dropSpill(request);
      return { outcomes: requests.map((request) => failure(request, error)), feeds: [] };
    }
  }

  /** For a group that meets damage: it fails those that need what is damaged. */
  #commitEach(requests: readonly CommitRequest[]): CommittedGroup {
    const groups = requests.map((request) => this.commit([request]));
    return {
      outcomes: groups.flatMap(({ outcomes }) => outcomes),
      feeds: groups.flatMap(({ feeds }) => feeds),
    };
  }

  /** The requests that there is something to write for; the others get their outcome. */
  #sort(requests: readonly CommitRequest[], outcomes: CommitOutcome[]): Sorted {
    const stored = this.#storedInstances(requests);
    const fresh: Candidate[] = [];
    const replacements: Replacement[] = [];
    requests.forEach((request, n) => {
      try {
        checkNames(request.instance);
        const bytes = receivedBytesOf(request, this.#options.arena, this.#options.spills);
        const attributes = readIndexedAttributes(request.instance);
        const candidate = { request, instance: { ...request.instance, attributes }, bytes };
        const known = stored[n];
        if (known === undefined) fresh.push(candidate);
        else if (this.#isToReplace(candidate, known)) {
          replacements.push({ ...candidate, replaced: known });
        } else outcomes.push(this.#duplicateOutcome(candidate, known));
      } catch (error) {
        if (!(error instanceof GantryError)) throw error;
        this.#dropSpill(request);
        outcomes.push(failure(request, error));
      }
    });
    return { fresh, replacements };
  }

  /** Records with the UIDs of the requests, read in one go for each partition. */
  #storedInstances(requests: readonly CommitRequest[]): (InstanceRecord | undefined)[] {
    const found: (InstanceRecord | undefined)[] = [];
    for (const partition of new Set(requests.map((request) => request.partition))) {
      const positions = [...requests.keys()].filter((n) => requests[n]!.partition === partition);
      const uids = positions.map((n) => requests[n]!.instance.identifiers);
      const records = this.#options.writer.catalog.findInstances(partition, uids);
      positions.forEach((n, m) => (found[n] = records[m]));
    }
    return found;
  }

  #isToReplace(candidate: Candidate, known: InstanceRecord): boolean {
    const { overwrite } = candidate.request;
    if (overwrite === 'never') return false;
    if (overwrite === 'always') return true;
    try {
      return !this.#isSame(candidate, known);
    } catch (error) {
      // What cannot be read any more is best replaced.
      if (error instanceof GantryError && error.code === 'corrupt') return true;
      throw error;
    }
  }

  #isSame({ request, instance, bytes }: Candidate, known: InstanceRecord): boolean {
    const { blobReader, writer } = this.#options;
    const received = { instance, bytes };
    const readers = { catalog: writer.catalog, blobs: blobReader };
    return isSameInstance(known, request.partition, received, readers);
  }

  /** Of an instance that is stored and stays. */
  #duplicateOutcome(candidate: Candidate, known: InstanceRecord): CommitOutcome {
    const { request } = candidate;
    const isSame = request.overwrite === 'if-changed' || this.#isSame(candidate, known);
    this.#dropSpill(request);
    return isSame
      ? { commitId: request.commitId, result: 'identical' }
      : failure(request, new GantryError('duplicate', 'with other content'));
  }

  /** A replacement is a batch of its own: an operating error fails no other. */
  #replaceOne(each: Replacement, outcomes: CommitOutcome[], feeds: IndexFeed[]): void {
    const { request } = each;
    try {
      feeds.push(this.#replace(each));
      outcomes.push({ commitId: request.commitId, result: 'replaced' });
    } catch (error) {
      if (!(error instanceof GantryError)) throw error;
      this.#dropSpill(request);
      outcomes.push(failure(request, error));
    }
  }

  /** One batch takes the old instance out and puts the new one in: a crash leaves either. */
  #replace(each: Replacement): IndexFeed {
    const { writer, spills } = this.#options;
    const { batch, hierarchy, usage } = writer;
    const [addition] = this.#additionsOf([each]) as [Addition];
    const { partition, sequence } = addition;
    try {
      const [locator] = this.#placeBlobs([addition]) as [BlobLocator];
      removeInstances(writer, partition, [each.replaced], this.#options.garbageGraceMs);
      usage.add(locator);
      const record = putInstance(batch, addition, locator, 'replace');
      const changes = hierarchy.replace(each.replaced, addition);
      putHierarchy(batch, changes);
      writer.write(sequence, changes);
      spills.settle();
      return indexFeedOf({
        partition,
        sequence,
        changes,
        added: [record],
        removed: [each.replaced],
      });
    } catch (error) {
      writer.abandon();
      throw toWriteError(error);
    }
  }

  #write(candidates: readonly Candidate[]): IndexFeed[] {
    const { writer, spills } = this.#options;
    const { batch, hierarchy, usage } = writer;
    const additions = this.#additionsOf(candidates);
    try {
      const locators = this.#placeBlobs(additions);
      for (const locator of locators) usage.add(locator);
      this.#purgeNamesakes(additions);
      const records = additions.map((addition, n) => putInstance(batch, addition, locators[n]!));
      const changes = hierarchy.apply(additions);
      putHierarchy(batch, changes);
      writer.write(writer.sequence + additions.length, changes);
      spills.settle();
      return feedsOf(additions, records, changes);
    } catch (error) {
      writer.abandon();
      throw toWriteError(error);
    }
  }

  /** Gives out sequences, those of one partition together, so that a feed of one partition ends at a sequence. */
  #additionsOf(candidates: readonly Candidate[]): Addition[] {
    const createdAtMs = Date.now();
    return candidates
      .toSorted((a, b) => a.request.partition - b.request.partition)
      .map((candidate, n) => {
        const { request, instance, bytes } = candidate;
        const { partition } = request;
        const sequence = this.#options.writer.sequence + 1 + n;
        const blob = blobOf(instance.prefix, bytes);
        const record: BlobRecord = {
          partition,
          identifiers: instance.identifiers,
          transferSyntaxUid: instance.transferSyntaxUid,
          sequence,
          createdAtMs,
          prefix: instance.prefix,
          extents: bytes.extents,
          ...blob,
        };
        const storedBytes = blob.length;
        const { blockChecksums } = bytes;
        const added = { partition, instance, sequence, createdAtMs, storedBytes, blockChecksums };
        return { candidate, record, ...added };
      });
  }

  #placeBlobs(additions: readonly Addition[]): BlobLocator[] {
    const { writer, spills, freeSpace } = this.#options;
    freeSpace.take(additions.reduce((sum, each) => sum + each.storedBytes, 0));
    const inArena = additions.filter(({ candidate }) => candidate.bytes.spillId === undefined);
    // A file that is finished stays until a batch is written when its own fails, and takes what space has come back.
    if (inArena.length < additions.length) writer.checkWritable();
    const placed = writer.blobs.placeGroup(
      inArena.map(({ record }) => record),
      writer.batch,
    );
    let next = 0;
    return additions.map(({ candidate, record }) => {
      const { spillId } = candidate.bytes;
      return spillId === undefined ? placed[next++]! : spills.finish(spillId, record);
    });
  }

  #purgeNamesakes(additions: readonly Addition[]): void {
    const added = additions.map(({ partition, instance }) => ({
      partition,
      key: instance.identifiers,
    }));
    purgeNamesakes(this.#options.writer, added, this.#options.garbageGraceMs);
  }

  #dropSpill(request: CommitRequest): void {
    if (request.spillId !== undefined) this.#options.spills.abandon(request.spillId);
  }
}

/**
 * UIDs become keys and header fields: whatever came before, none may break out of its place there. Throws `identifier-missing`.
 */
function checkNames(instance: ParsedInstance): void {
  const { studyInstanceUid, seriesInstanceUid, sopInstanceUid, sopClassUid } = instance.identifiers;
  const { transferSyntaxUid } = instance;
  const names = [
    studyInstanceUid,
    seriesInstanceUid,
    sopInstanceUid,
    sopClassUid,
    transferSyntaxUid,
  ];
  if (!names.every(isUid)) throw new GantryError('identifier-missing');
}

function failure(request: CommitRequest, error: GantryError): CommitOutcome {
  const { code, detail } = error;
  return { commitId: request.commitId, result: { code, detail } };
}

/** One feed for each partition of the group, in the order of their sequences. */
function feedsOf(
  additions: readonly Addition[],
  records: readonly InstanceRecord[],
  changes: HierarchyChanges,
): IndexFeed[] {
  return [...new Set(additions.map(({ partition }) => partition))].map((partition) => {
    const added = records.filter((_, n) => additions[n]!.partition === partition);
    return indexFeedOf({
      partition,
      sequence: added.at(-1)!.sequence,
      changes: {
        studies: changes.studies.filter((change) => change.partition === partition),
        series: changes.series.filter((change) => change.partition === partition),
      },
      added,
      removed: [],
    });
  });
}
