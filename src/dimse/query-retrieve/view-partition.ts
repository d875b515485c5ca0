import type { QueryRetrieveEngine } from './find-matches.js';

/**
 * The engine as an AE title of one partition sees it: whatever partition a query names, this one answers. So no code of a
 * service can reach beyond the partition of the AE title that was called.
 */
export function viewPartition(engine: QueryRetrieveEngine, partition: number): QueryRetrieveEngine {
  return {
    search: (query, signal) => engine.search({ ...query, partition }, signal),
    instancePages: (target) => engine.instancePages({ ...target, partition }),
    retrieveInstance: (_, record) => engine.retrieveInstance(partition, record),
    instanceTranscodingRefusal: (_, record, transferSyntaxUid) =>
      engine.instanceTranscodingRefusal(partition, record, transferSyntaxUid),
    transcodeInstance: (_, record, transferSyntaxUid) =>
      engine.transcodeInstance(partition, record, transferSyntaxUid),
    describeLayout: (_, record) => engine.describeLayout(partition, record),
  };
}
