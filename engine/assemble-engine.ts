import type { Logger } from './base/logger.js';
import type { Engine, EngineStats } from './engine-types.js';
import { closeThreads, startThreads, valueOf, type EngineThreads } from './engine-threads.js';
import type { EngineOptions } from './open-engine.js';
import { deleteInstances } from './pipeline/delete-instances.js';
import { BlobChecksums } from './pipeline/blob-checksums.js';
import { DamageLog } from './pipeline/damage-log.js';
import { EngineMaintenance } from './pipeline/maintenance.js';
import { hasDeleted, undeleteInstances } from './pipeline/undelete-instances.js';
import { IdleDerivation, type IdleDerivationParts } from './pipeline/derive-in-idle-time.js';
import { DerivedFrames } from './pipeline/derived-frames.js';
import { InstanceLayouts } from './pipeline/instance-layouts.js';
import { BlobRangeReader } from './pipeline/read-blob.js';
import { Renderer } from './pipeline/render-instance.js';
import { representativeInstance } from './pipeline/representative-instance.js';
import { retrieveBulkValue } from './pipeline/retrieve-bulkdata.js';
import { retrieveFrame } from './pipeline/retrieve-frames.js';
import { instancePages, retrieveInstance } from './pipeline/retrieve-instance.js';
import { retrieveDeflatedMetadata, retrieveMetadata } from './pipeline/retrieve-metadata.js';
import { noQueries, search, type SearchPipeline } from './pipeline/search.js';
import { FrameTranscoder } from './pipeline/transcode-frame.js';
import {
  instanceTranscodingRefusal,
  transcodeInstance,
  type InstanceTranscoderParts,
} from './pipeline/transcode-instance.js';
import { PipelineStoreSession, type StorePipeline } from './pipeline/store-session.js';
import { dataDirectoryOf } from './store/data-directory.js';
import { FreeSpace } from './store/free-space.js';
import type { OpenedStore } from './store/open-store.js';
import { Arena, arenaBlockBytes } from './threads/arena.js';
import { MaintenanceThread } from './threads/maintenance-thread.js';
import { IngestBudget } from './threads/ingest-budget.js';

/**
 * Starts the threads, which load their code while the store opens, and makes an engine of the parts. Throws why `opening` failed,
 * or a thread; then nothing is left open.
 */
export async function assembleEngine(
  options: EngineOptions,
  log: Logger,
  opening: Promise<OpenedStore>,
): Promise<Engine> {
  const health = { isReady: true, reason: '' };
  const onFailed = (reason: string): void => {
    log.error({ reason }, 'the engine is no longer ready');
    health.isReady = false;
    health.reason = reason;
  };
  const arena = new Arena(options.ingest.arenaBytes);
  const starting = startThreads(
    options,
    { opening, arena },
    {
      onFailed,
      onRebuilding: (reason) => log.warn({ reason }, 'the index is rebuilt from the catalogue'),
      onProblem: (text, detail) => log.error({ detail }, text),
    },
  );
  const openingDerived = opening.then(() => openDerivedFrames(options));
  // Without a store no thread starts; that there is none is what the caller is told.
  const [opened, started, derivedFrames] = await Promise.allSettled([
    opening,
    starting,
    openingDerived,
  ]);
  if (opened.status === 'rejected') throw opened.reason;
  const store = opened.value;
  if (store.lost !== undefined) log.error(store.lost, 'changes that were committed are lost');
  try {
    const [threads, derived] = [valueOf(started), valueOf(derivedFrames)];
    const maintenanceThread = startMaintenance(options, store.database.handle, log);
    const parts = { log, store, arena, health, ...threads, maintenanceThread, derived };
    return engineOf(options, parts);
  } catch (error) {
    if (started.status === 'fulfilled') await closeThreads(started.value);
    await store.close();
    throw error;
  }
}

interface EngineParts extends EngineThreads {
  readonly log: Logger;
  readonly store: OpenedStore;
  readonly arena: Arena;
  readonly health: { readonly isReady: boolean; readonly reason: string };
  readonly maintenanceThread: MaintenanceThread;
  readonly derived: DerivedFrames | undefined;
}

function startMaintenance(
  { dataDir, scrub }: EngineOptions,
  databaseHandle: bigint,
  log: Logger,
): MaintenanceThread {
  return new MaintenanceThread({
    dataDir,
    databaseHandle,
    scrubBytesPerSecond: scrub.bytesPerSecond,
    scrubPauseMs: scrub.pauseMs,
    onProblem: ({ kind, subject, detail }, by) =>
      log.error({ kind, subject, detail, by }, 'damage found'),
    onScrubEnded: ({ instanceCount, blobBytes, durationMs, problemCount }) =>
      log.info({ instanceCount, blobBytes, durationMs, problemCount }, 'scrub pass ended'),
  });
}

async function openDerivedFrames({
  dataDir,
  store: { reserveBytes },
  codec: { deriveHtj2k, derivedBytesMax },
}: EngineOptions): Promise<DerivedFrames | undefined> {
  if (!deriveHtj2k) return undefined;
  const freeSpace = new FreeSpace(dataDir, reserveBytes);
  return DerivedFrames.open(dataDirectoryOf(dataDir).derivedFrames, derivedBytesMax, freeSpace);
}

function newCounters(): StorePipeline['counters'] & {
  instancesDeleted: number;
  instancesUndeleted: number;
} {
  return {
    instancesStored: 0,
    instancesReplaced: 0,
    instancesIdentical: 0,
    instancesFailed: 0,
    bytesStored: 0,
    instancesDeleted: 0,
    instancesUndeleted: 0,
  };
}

function engineOf(options: EngineOptions, parts: EngineParts): Engine {
  const { store, arena, storeThread, indexThread, parsePool, codecPool, derived } = parts;
  const { reader } = store;
  const counters = newCounters();
  const storePipeline: StorePipeline = {
    arena,
    budget: new IngestBudget(arena, options.ingest.sessionBytesMax),
    parsePool,
    storeThread,
    counters,
    spillBytes: options.ingest.spillBytes,
    instanceBytesMax: options.ingest.partBytesMax,
    overwrite: options.store.overwrite,
    sopClasses: {
      allowed: options.store.allowedSopClasses,
      denied: options.store.deniedSopClasses,
    },
  };
  const searchPipeline: SearchPipeline = {
    reader,
    indexThread,
    committedSequence: () => storeThread.committedSequence,
    queriesByPlan: { ...noQueries },
  };
  const damage = new DamageLog(parts.log);
  const blobs = openBlobRanges(options, store, damage);
  const layouts = new InstanceLayouts(reader);
  const transcoder = new FrameTranscoder({ blobs, layouts, codecPool, derived }, options.codec);
  const derivation = derived && startDerivation(parts, { layouts, frames: transcoder, derived });
  const renderer = new Renderer({ reader, blobs, layouts, codecPool }, options.codec);
  return {
    isCongested: () => storePipeline.budget.isFull,
    whenFree: (applicant) => storePipeline.budget.whenFree(applicant),
    openStoreSession: (session) => PipelineStoreSession.open(storePipeline, session),
    search: (query, signal) => search(searchPipeline, query, signal),
    findStudy: (partition, study) => reader.findStudy(partition, study),
    findSeries: (partition, studyInstanceUid, seriesInstanceUid) =>
      reader.findSeries(partition, { studyInstanceUid, seriesInstanceUid }),
    instancePages: (target) => instancePages(reader, target),
    retrieveInstance: (partition, record) => retrieveInstance(blobs, { partition, record }),
    retrieveMetadata: (partition, records, urlOf) =>
      retrieveMetadata(reader, partition, records, urlOf),
    retrieveDeflatedMetadata: (partition, records, urlOf) =>
      retrieveDeflatedMetadata(reader, partition, records, urlOf),
    describeLayout: (partition, record) => layouts.layoutOf(partition, record),
    ...frameVerbs({ blobs, layouts, frames: transcoder }),
    retrieveBulkValue: (partition, record, path) =>
      retrieveBulkValue(blobs, layouts, { partition, record, path }),
    findRepresentative: (target) => representativeInstance(reader, target),
    rendering: renderer,
    deleteInstances: (target) => deleteInstances({ storeThread, counters }, target),
    maintenance: openMaintenance(options, parts),
    undeleteInstances: (target) => undeleteInstances({ storeThread, counters }, target),
    isDeleted: (target) => hasDeleted(reader, target),
    stats: (): EngineStats => ({
      ...counters,
      damagedReads: damage.count,
      scrub: parts.maintenanceThread.scrubFigures,
      ...threadStats(parts),
      ...codecStats({ transcoder, renderer, derivation, derived }),
      queriesByPlan: searchPipeline.queriesByPlan,
    }),
    health: () => parts.health,
    close: async () => {
      await derivation?.close();
      await closeEngine(parts);
    },
  };
}

function startDerivation(
  { arena, storeThread, log, store: { reader } }: EngineParts,
  parts: Pick<IdleDerivationParts, 'layouts' | 'frames' | 'derived'>,
): IdleDerivation {
  const isStoring = (): boolean =>
    arena.freeBlockCount < arena.blockCount || storeThread.commitsInFlight > 0;
  return new IdleDerivation({ ...parts, reader, log, isStoring });
}

function openMaintenance(
  { dataDir, backup }: EngineOptions,
  parts: EngineParts,
): EngineMaintenance {
  const { catalog: catalogDirectory, snapshot: snapshotDirectory } = dataDirectoryOf(dataDir);
  return new EngineMaintenance({ ...parts, catalogDirectory, snapshotDirectory, backup });
}

/** What became of frames. */
function codecStats(parts: {
  readonly transcoder: FrameTranscoder;
  readonly renderer: Renderer;
  readonly derivation: IdleDerivation | undefined;
  readonly derived: DerivedFrames | undefined;
}): CodecStats {
  const { transcoder, renderer, derivation, derived } = parts;
  return {
    framesTranscoded: transcoder.framesTranscoded,
    framesFromCache: transcoder.framesFromCache,
    picturesRendered: renderer.picturesRendered,
    picturesFromCache: renderer.picturesFromCache,
    framesDerived: derivation?.framesDerived ?? 0,
    derivedBytes: derived?.bytes ?? 0,
  };
}

type CodecStats = Pick<
  EngineStats,
  | 'framesTranscoded'
  | 'framesFromCache'
  | 'picturesRendered'
  | 'picturesFromCache'
  | 'framesDerived'
  | 'derivedBytes'
>;

/** What the arena and the threads have to report. */
function threadStats({
  arena,
  parsePool,
  storeThread,
  indexThread,
  codecPool,
}: EngineParts): ThreadStats {
  return {
    arenaBytesTotal: arena.blockCount * arenaBlockBytes,
    arenaBytesInUse: (arena.blockCount - arena.freeBlockCount) * arenaBlockBytes,
    parseQueueLength: parsePool.queueLength,
    commitsInFlight: storeThread.commitsInFlight,
    committedSequence: storeThread.committedSequence,
    indexedSequence: indexThread.appliedSequence,
    codecQueueLength: codecPool.queueLength,
  };
}

type ThreadStats = Pick<
  EngineStats,
  | 'arenaBytesTotal'
  | 'arenaBytesInUse'
  | 'parseQueueLength'
  | 'commitsInFlight'
  | 'committedSequence'
  | 'indexedSequence'
  | 'codecQueueLength'
>;

function openBlobRanges(
  { store: { verifyReads } }: EngineOptions,
  { blobReader, reader }: OpenedStore,
  damage: DamageLog,
): BlobRangeReader {
  const checksums = verifyReads ? new BlobChecksums(reader) : undefined;
  return new BlobRangeReader({ blobs: blobReader, checksums, damage });
}

/** Whoever borrows RocksDB ends before it is closed. */
async function closeEngine({ maintenanceThread, store, ...threads }: EngineParts): Promise<void> {
  await maintenanceThread.close();
  await closeThreads(threads);
  await store.close();
}

/** What is done frame by frame. */
function frameVerbs(
  parts: InstanceTranscoderParts,
): Pick<
  Engine,
  | 'retrieveFrame'
  | 'conversionQuality'
  | 'frameTranscodingRefusal'
  | 'instanceTranscodingRefusal'
  | 'transcodeInstance'
> {
  const { blobs, layouts, frames } = parts;
  return {
    retrieveFrame: (partition, record, frameNumber, transferSyntaxUid) =>
      transferSyntaxUid === undefined || transferSyntaxUid === record.transferSyntaxUid
        ? retrieveFrame(blobs, layouts, { partition, record, frameNumber })
        : frames.transcode({ partition, record, frameNumber }, transferSyntaxUid),
    conversionQuality: (transferSyntaxUid) => frames.qualityOf(transferSyntaxUid),
    frameTranscodingRefusal: (partition, record, transferSyntaxUid) =>
      frames.refusal(partition, record, transferSyntaxUid),
    instanceTranscodingRefusal: (partition, record, transferSyntaxUid) =>
      instanceTranscodingRefusal(parts, { partition, record, transferSyntaxUid }),
    transcodeInstance: (partition, record, transferSyntaxUid) =>
      transcodeInstance(parts, { partition, record, transferSyntaxUid }),
  };
}
