import { setImmediate as nextTurn } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import { keyText } from '#src/dimse/query-retrieve/identifier.js';
import { searchInPieces } from '#src/search/search-in-pieces.js';
import type { QueryRetrieveEngine } from '#src/dimse/query-retrieve/find-matches.js';
import { failureReason } from './commitment-report.js';
import type { CheckedInstance, FailureReason } from './commitment-report.js';
import type { InstanceReference } from './commitment-request.js';

/** Instances looked up by one search. */
const batchMax = 200;

/** Bytes read and summed in one turn of the event loop, some 0.2 ms of work. */
const pieceBytes = 256 * 1024;

const sopClassTag = '00080016';
const sopInstanceTag = '00080018';

/**
 * Finds out whether instances are stored, as their SOP class, and whether the stored bytes are those that were received: each is
 * read back whole. Rejects as `Engine.search`, and when `signal` is aborted.
 */
export async function checkInstances(
  engine: QueryRetrieveEngine,
  references: readonly InstanceReference[],
  signal: AbortSignal,
): Promise<CheckedInstance[]> {
  const checked: CheckedInstance[] = [];
  for (let start = 0; start < references.length; start += batchMax) {
    const batch = references.slice(start, start + batchMax);
    const records = await findRecords(engine, batch, signal);
    for (const reference of batch) {
      const candidates = records.get(reference.sopInstanceUid) ?? [];
      const failure = await findFailure(engine, reference, { candidates, signal });
      signal.throwIfAborted();
      checked.push(failure === undefined ? reference : { ...reference, failure });
    }
  }
  return checked;
}

/** Records by SOP Instance UID; one UID may occur in several studies. */
async function findRecords(
  engine: QueryRetrieveEngine,
  batch: readonly InstanceReference[],
  signal: AbortSignal,
): Promise<Map<string, InstanceRecord[]>> {
  const uids = [...new Set(batch.map(({ sopInstanceUid }) => sopInstanceUid))];
  const condition = { kind: 'one-of', attribute: { tag: sopInstanceTag }, values: uids } as const;
  const query = { partition: 0, level: 'instance', conditions: [condition] } as const;
  const records = new Map<string, InstanceRecord[]>();
  for await (const matches of searchInPieces(engine, query, signal)) {
    for (const { instance } of matches) {
      if (instance === undefined) continue;
      const { sopInstanceUid } = instance;
      records.set(sopInstanceUid, [...(records.get(sopInstanceUid) ?? []), instance]);
    }
  }
  return records;
}

async function findFailure(
  engine: QueryRetrieveEngine,
  { sopClassUid }: InstanceReference,
  {
    candidates,
    signal,
  }: { readonly candidates: readonly InstanceRecord[]; readonly signal: AbortSignal },
): Promise<FailureReason | undefined> {
  if (candidates.length === 0) return failureReason.noSuchObjectInstance;
  const ofClass = candidates.filter(
    ({ attributes }) => keyText(attributes[sopClassTag]) === sopClassUid,
  );
  if (ofClass.length === 0) return failureReason.classInstanceConflict;
  for (const record of ofClass) {
    if (!(await isIntact(engine, record, signal))) return failureReason.processingFailure;
  }
  return undefined;
}

/** When `signal` is aborted it reads no further, and says anything. */
async function isIntact(
  engine: QueryRetrieveEngine,
  record: InstanceRecord,
  signal: AbortSignal,
): Promise<boolean> {
  const blob = engine.retrieveInstance(0, record);
  const piece = Buffer.allocUnsafeSlow(Math.min(pieceBytes, blob.length));
  let checksum = 0;
  try {
    for (let position = 0; position < blob.length && !signal.aborted;) {
      const bytesRead = await blob.read(position, piece);
      checksum = crc32(piece.subarray(0, bytesRead), checksum);
      position += bytesRead;
      await nextTurn();
    }
  } catch {
    // Bytes that cannot be read are not there; the reader has said so to the log of the store.
    return false;
  }
  return checksum === record.blob.crc32;
}
