const mib = 1024 * 1024;

export interface StoreThreadOptions {
  /** `log`: segment files for all but small blobs; `values`: RocksDB values for all but spilled ones. */
  readonly blobStore: 'log' | 'values';
  readonly segmentBytes: number;
  /** Segment files written with zeros ahead of their use. */
  readonly segmentsAhead: number;
  /** Blobs up to this size go to RocksDB values, in groups that hold no longer one. */
  readonly valueBytesMax: number;
  readonly groupInstancesMax: number;
  readonly groupBytesMax: number;
  /** Instances that a deletion takes at a time. */
  readonly deletionStepInstances: number;
  /** How long bytes that nothing refers to any more are kept for retrieves that began before. */
  readonly garbageGraceMs: number;
  /** How long a deletion can be taken back; 0: not at all. */
  readonly undeleteWindowMs: number;
  /** Segments of which less than this part is live are emptied in the background, at most at this rate. */
  readonly compactionLiveRatioMin: number;
  readonly compactionBytesPerSecondMax: number;
  /** Bytes of the file system that instances leave free. */
  readonly reserveBytes: number;
}

export const defaultStoreThreadOptions: StoreThreadOptions = {
  blobStore: 'log',
  segmentBytes: 256 * mib,
  segmentsAhead: 1,
  valueBytesMax: 8 * 1024,
  groupInstancesMax: 512,
  groupBytesMax: 64 * mib,
  deletionStepInstances: 512,
  garbageGraceMs: 15 * 60 * 1000,
  undeleteWindowMs: 0,
  compactionLiveRatioMin: 0.5,
  compactionBytesPerSecondMax: 16 * mib,
  reserveBytes: 0,
};
