import { rmSync } from 'node:fs';
import type { MessagePort } from 'node:worker_threads';
import type { RocksdbDatabase } from '#native-bindings/rocksdb/rocksdb-database.js';
import { BlobLog, type BlobLogOptions } from './blob/blob-log.js';
import type { BlobStore } from './blob/blob-store.js';
import { RocksdbBlobStore } from './blob/rocksdb-blob-store.js';
import { lastGarbageFile } from './blob/garbage-queue.js';
import { cutUnusedSegments, lastOwnFile, removeUnusedFiles } from './blob/remove-unused-files.js';
import { SegmentNumbers } from './blob/segment-files.js';
import { SegmentPreparer } from './blob/segment-preparer.js';
import { SpillFiles } from './blob/spill-files.js';
import { StoredBlobReader } from './blob/stored-blob-reader.js';
import type { StoreColumn } from './catalog/catalog-keys.js';
import { linkCatalogSnapshot } from './catalog-snapshot.js';
import { Committer } from './commit/committer.js';
import { Deletion } from './commit/deletion.js';
import { GroupLoop } from './commit/group-loop.js';
import { Restoration } from './commit/restoration.js';
import { StoreWriter } from './commit/store-writer.js';
import { Reclaimer } from './reclaim/reclaimer.js';
import { FreeSpace } from './free-space.js';
import { dataDirectoryOf } from './data-directory.js';
import { readStoreState } from './store-state.js';
import type { StoreThreadOptions } from './store-thread-options.js';

/** What the store thread is started with (`workerData`). */
export interface StoreThreadData {
  readonly arena: SharedArrayBuffer;
  readonly directory: string;
  /** By which the handle of the database comes, which the main thread opens and closes after this thread has ended; moved to it. */
  readonly databasePort: MessagePort;
  readonly options: StoreThreadOptions;
  /** Where `IndexFeed`s go, moved to this thread; without it nothing is fed. */
  readonly indexPort?: MessagePort;
  /** Where replies to spill requests go, so that main can take them without its event loop; the thread's own port otherwise. */
  readonly spillReplyPort?: MessagePort;
}

const mib = 1024 * 1024;

/** A batch is in memory as a whole: its blobs must not make it much larger than the memtables it goes to. */
const valuesGroupBytesMax = 8 * mib;

/** Takes up a store where its last commit left it. `onDamaged` is told of what is not as that left it. */
export function createGroupLoop(
  data: Pick<StoreThreadData, 'arena' | 'directory' | 'options'>,
  database: RocksdbDatabase<StoreColumn>,
  onDamaged: (detail: string) => void,
): GroupLoop {
  const { segments, catalog, snapshot } = dataDirectoryOf(data.directory);
  rmSync(snapshot, { recursive: true, force: true });
  const state = readStoreState(database);
  removeUnusedFiles(segments, database);
  cutUnusedSegments(segments, state.segment);
  const lastNumber = Math.max(state.segment, lastGarbageFile(database), lastOwnFile(database));
  const numbers = new SegmentNumbers(segments, lastNumber);
  const freeSpace = new FreeSpace(segments, data.options.reserveBytes);
  const spills = new SpillFiles(segments, numbers, freeSpace);
  const blobs = createBlobStore(data.options, segments, state, { numbers, freeSpace, onDamaged });
  const blobReader = new StoredBlobReader(segments, database);
  const { arena, options } = data;
  const writer = new StoreWriter({ database, blobs, sequence: state.sequence });
  const { garbageGraceMs, undeleteWindowMs } = options;
  const committer = new Committer({
    ...{ arena, writer, blobReader, spills, freeSpace, garbageGraceMs },
  });
  const groupBytesMax =
    options.blobStore === 'values'
      ? Math.min(options.groupBytesMax, valuesGroupBytesMax)
      : options.groupBytesMax;
  const { groupInstancesMax, deletionStepInstances: stepInstancesMax } = options;
  return new GroupLoop({
    arena,
    committer,
    sequence: () => writer.sequence,
    beginDeletion: (request) =>
      request.kind === 'undelete'
        ? new Restoration({ writer, request, stepInstancesMax })
        : new Deletion({ writer, request, stepInstancesMax, garbageGraceMs, undeleteWindowMs }),
    reclaimer: new Reclaimer({
      writer,
      directory: segments,
      liveRatioMin: options.compactionLiveRatioMin,
      bytesPerSecondMax: options.compactionBytesPerSecondMax,
      garbageGraceMs,
    }),
    takeSnapshot: (directory) => linkCatalogSnapshot(catalog, directory),
    spills,
    blobs,
    blobReader,
    groupInstancesMax,
    groupBytesMax,
  });
}

function createBlobStore(
  options: StoreThreadOptions,
  directory: string,
  position: { readonly segment: number; readonly segmentEnd: number },
  parts: Pick<BlobLogOptions, 'numbers' | 'onDamaged'> & { readonly freeSpace: FreeSpace },
): BlobStore {
  const values = new RocksdbBlobStore(position);
  if (options.blobStore === 'values') return values;
  const { segmentBytes, valueBytesMax, segmentsAhead: aheadCount } = options;
  const fullness = position.segmentEnd / segmentBytes;
  const preparer = new SegmentPreparer({
    ...{ directory, segmentBytes, aheadCount, fullness, freeSpace: parts.freeSpace },
  });
  const { numbers, onDamaged } = parts;
  return new BlobLog({
    ...{ directory, segmentBytes, valueBytesMax, values, position },
    ...{ numbers, preparer, onDamaged },
  });
}
