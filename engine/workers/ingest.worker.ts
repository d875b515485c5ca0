import { workerData } from 'node:worker_threads';

import { assert } from '#engine/base/assert.js';
import { BlockChecksummer } from '#engine/base/block-checksums.js';
import { toGantryError } from '#engine/base/error-catalogue.js';
import { deflateMetadata } from '#engine/dicom/json-model/deflate-metadata.js';
import { MemoryByteSource } from '#engine/dicom/instance/byte-source.js';
import { describeInstance, type DescribeResult } from '#engine/dicom/instance/describe-instance.js';
import type {
  Extent,
  InstanceSource,
  ParseRequest,
  ParseResult,
  ParseTask,
} from '#engine/threads/task-messages.js';
import { FileByteSource } from './file-byte-source.js';
import { packInstance } from './pack-instance.js';
import { sanitizePreamble } from './preamble-policy.js';

/** What the pool gives each worker at its start: the memory that received bytes lie in. */
export interface IngestWorkerData {
  readonly arena: SharedArrayBuffer;
}

const arena = findArena(workerData);

/**
 * Piscina task: describes the instances of one task in order, each with its own outcome; never rejects.
 *
 * Bytes in the arena lose a dangerous preamble here, before their CRC-32 is taken. A file belongs to the store thread, which
 * sanitizes it and computes its checksums itself: there are none for those, and only the parts that hold elements are read.
 */
export default async function parseInstances(task: ParseTask): Promise<ParseResult[]> {
  const results: ParseResult[] = [];
  for (const request of task.instances) results.push(await parseInstance(request));
  return results;
}

async function parseInstance(request: ParseRequest): Promise<ParseResult> {
  try {
    return request.source.kind === 'arena'
      ? await parseArena(request, request.source.extents)
      : await parseFile(request, request.source);
  } catch (error) {
    const { code, detail } = toGantryError(error);
    return { ok: false, code, detail };
  }
}

async function parseArena(request: ParseRequest, extents: readonly Extent[]): Promise<ParseResult> {
  const pieces = extents.map(({ offset, length }) => new Uint8Array(arena, offset, length));
  if (request.dataSet === undefined) sanitizePreamble(pieces);
  const result = await describeInstance(
    new MemoryByteSource(pieces),
    request.dataSet,
    request.rules,
  );
  const checksums = new BlockChecksummer();
  if (result.ok) for (const piece of pieces) checksums.add(piece);
  return toParseResult(result, checksums);
}

async function parseFile(
  request: ParseRequest,
  file: Extract<InstanceSource, { kind: 'file' }>,
): Promise<ParseResult> {
  const source = new FileByteSource(file);
  try {
    const result = await describeInstance(source, request.dataSet, request.rules);
    return toParseResult(result, new BlockChecksummer());
  } finally {
    source.close();
  }
}

function toParseResult(result: DescribeResult, checksums: BlockChecksummer): ParseResult {
  if (result.ok) {
    const { crc32 } = checksums;
    const blockChecksums = checksums.finish();
    const { instance } = result;
    const metadata = { ...instance.metadata, pieces: deflateMetadata(instance.metadata) };
    return { ok: true, instance: packInstance({ ...instance, metadata, crc32, blockChecksums }) };
  }
  const { error, sopClassUid, sopInstanceUid } = result;
  return {
    ok: false,
    code: error.code,
    detail: error.detail,
    ...(sopClassUid === undefined ? {} : { sopClassUid }),
    ...(sopInstanceUid === undefined ? {} : { sopInstanceUid }),
  };
}

function findArena(data: unknown): SharedArrayBuffer {
  assert(
    typeof data === 'object' && data !== null && 'arena' in data,
    'the ingest worker needs its arena',
  );
  assert(data.arena instanceof SharedArrayBuffer, 'the arena is shared memory');
  return data.arena;
}
