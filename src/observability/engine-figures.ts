import type { EngineStats } from '#engine/engine-types.js';

/** A metric that is read from the engine at each scrape. */
export interface EngineFigure {
  readonly type: 'counter' | 'gauge';
  readonly name: string;
  readonly help: string;
  readonly labelName?: string;
  /** Value by label; the one key of a figure without label means nothing. */
  read(stats: EngineStats): Readonly<Record<string, number>>;
}

/** Counters only grow while the process lives. */
export const engineFigures: readonly EngineFigure[] = [
  {
    type: 'counter',
    name: 'gantry_ingest_instances_total',
    help: 'instances that were offered, by what became of them',
    labelName: 'result',
    read: (stats) => ({
      stored: stats.instancesStored,
      replaced: stats.instancesReplaced,
      identical: stats.instancesIdentical,
      failed: stats.instancesFailed,
    }),
  },
  {
    type: 'counter',
    name: 'gantry_ingest_bytes_total',
    help: 'bytes of instances that were stored',
    read: (stats) => ({ value: stats.bytesStored }),
  },
  {
    type: 'counter',
    name: 'gantry_deleted_instances_total',
    help: 'instances that were deleted',
    read: (stats) => ({ value: stats.instancesDeleted }),
  },
  {
    type: 'counter',
    name: 'gantry_undeleted_instances_total',
    help: 'instances whose deletion was taken back',
    read: (stats) => ({ value: stats.instancesUndeleted }),
  },
  {
    type: 'counter',
    name: 'gantry_damaged_reads_total',
    help: 'reads that were refused because stored bytes failed their checksum or were missing',
    read: (stats) => ({ value: stats.damagedReads }),
  },
  {
    type: 'counter',
    name: 'gantry_scrub_bytes_total',
    help: 'bytes of instances that the background check has read and compared with their checksums',
    read: (stats) => ({ value: stats.scrub.bytes }),
  },
  {
    type: 'counter',
    name: 'gantry_scrub_passes_total',
    help: 'times that the background check has read everything',
    read: (stats) => ({ value: stats.scrub.passes }),
  },
  {
    type: 'counter',
    name: 'gantry_scrub_problems_total',
    help: 'problems that the background check and verifications found; the log names them',
    read: (stats) => ({ value: stats.scrub.problems }),
  },
  {
    type: 'gauge',
    name: 'gantry_ingest_arena_bytes',
    help: 'shared memory for instances being received: configured, and in use',
    labelName: 'state',
    read: (stats) => ({ total: stats.arenaBytesTotal, used: stats.arenaBytesInUse }),
  },
  {
    type: 'gauge',
    name: 'gantry_parse_queue_length',
    help: 'parse tasks that wait for a worker',
    read: (stats) => ({ value: stats.parseQueueLength }),
  },
  {
    type: 'gauge',
    name: 'gantry_codec_queue_length',
    help: 'frames that wait for a codec thread',
    read: (stats) => ({ value: stats.codecQueueLength }),
  },
  {
    type: 'counter',
    name: 'gantry_frames_transcoded_total',
    help: 'frames served in another transfer syntax than stored, by where they came from',
    labelName: 'source',
    read: (stats) => ({ codec: stats.framesTranscoded, cache: stats.framesFromCache }),
  },
  {
    type: 'counter',
    name: 'gantry_pictures_total',
    help: 'rendered pictures and reports that were asked for, by where they came from',
    labelName: 'source',
    read: (stats) => ({ renderer: stats.picturesRendered, cache: stats.picturesFromCache }),
  },
  {
    type: 'counter',
    name: 'gantry_frames_derived_total',
    help: 'frames that were encoded ahead, as HTJ2K',
    read: (stats) => ({ value: stats.framesDerived }),
  },
  {
    type: 'gauge',
    name: 'gantry_derived_bytes',
    help: 'bytes on disk of frames that were encoded ahead',
    read: (stats) => ({ value: stats.derivedBytes }),
  },
  {
    type: 'gauge',
    name: 'gantry_commits_in_flight',
    help: 'instances that wait to become durable',
    read: (stats) => ({ value: stats.commitsInFlight }),
  },
  {
    type: 'gauge',
    name: 'gantry_commit_sequence',
    help: 'sequence of the change log: committed, and applied to the index',
    labelName: 'state',
    read: (stats) => ({ committed: stats.committedSequence, indexed: stats.indexedSequence }),
  },
  {
    type: 'gauge',
    name: 'gantry_index_lag_entries',
    help: 'committed changes that the index has not applied yet',
    read: (stats) => ({ value: Math.max(0, stats.committedSequence - stats.indexedSequence) }),
  },
  {
    type: 'counter',
    name: 'gantry_queries_total',
    help: 'searches, by the ordered keys that answered them, or the index',
    labelName: 'plan',
    read: (stats) => stats.queriesByPlan,
  },
];
