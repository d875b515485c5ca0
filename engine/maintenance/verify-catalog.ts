import { crc32 } from 'node:zlib';
import { frameTablePageEntries } from '#engine/dicom/pixel-data/frame-table.js';
import { recordBytes } from '#engine/store/blob/record-header.js';
import { SegmentUsage } from '#engine/store/blob/segment-usage.js';
import type { CatalogReader } from '#engine/store/catalog/catalog-reader.js';
import type {
  ChangeRecord,
  InstanceRecord,
  SeriesRecord,
  StudyRecord,
} from '#engine/store/catalog/catalog-records.js';
import type { OpenedStore } from '#engine/store/open-store.js';
import type { VerifyFindings } from './verify-report.js';

const changePageEntries = 4096;
const blobChunkBytes = 1024 * 1024;

const sopClassUidTag = '00080016';

/** By how many instances more there are after a change. */
const countChange = { create: 1, restore: 1, replace: 0, delete: -1 } as const;

/** Live bytes of each segment, as the records say. */
type LiveBytes = Map<number, number>;

/**
 * Reads the change log from its start: sequences without a gap, and as many instances as were created and not deleted. Returns
 * the partitions it names.
 */
export function verifyChangeLog(reader: CatalogReader, findings: VerifyFindings): number[] {
  const partitions = new Set<number>();
  let expected = 1;
  for (;;) {
    const page = readPage(reader, expected - 1, findings);
    if (page.length === 0) break;
    for (const change of page) {
      if (change.sequence !== expected) {
        findings.add('change-log', `sequence ${expected}`, `follows ${change.sequence}`);
        expected = change.sequence;
      }
      expected += 1;
      partitions.add(change.partition);
      findings.changeCount += 1;
      findings.instanceCountExpected += countChange[change.action];
    }
  }
  if (reader.lastSequence() !== expected - 1) {
    const detail = `the state says ${reader.lastSequence()} is the last`;
    findings.add('change-log', `sequence ${expected - 1}`, detail);
  }
  return [...partitions];
}

function readPage(
  reader: CatalogReader,
  after: number,
  findings: VerifyFindings,
): readonly ChangeRecord[] {
  try {
    return reader.readChanges(after, changePageEntries);
  } catch (error) {
    findings.add('change-log', `behind sequence ${after}`, String(error));
    return [];
  }
}

/**
 * Every record of the partitions with all that belongs to it: blob and derived values by their checksums, counts and collected
 * values by adding up. Yields after each instance, so that the caller can report and stop.
 */
export function* verifyRecords(
  store: OpenedStore,
  partitions: readonly number[],
  findings: VerifyFindings,
): Generator<void> {
  const liveBytes: LiveBytes = new Map();
  for (const partition of partitions) {
    for (const { record } of store.reader.allDeletedInstances(partition)) {
      countLive(liveBytes, record);
    }
    for (const study of store.reader.studies(partition)) {
      findings.studyCount += 1;
      yield* verifyStudy(store, partition, study, { findings, liveBytes });
    }
  }
  if (findings.instanceCount !== findings.instanceCountExpected) {
    const detail = `${findings.instanceCount} found, ${findings.instanceCountExpected} created and not deleted`;
    findings.add('change-log', 'instances', detail);
  }
  verifySegmentUse(store, liveBytes, findings);
}

interface Collected {
  readonly findings: VerifyFindings;
  readonly liveBytes: LiveBytes;
}

function* verifyStudy(
  store: OpenedStore,
  partition: number,
  study: StudyRecord,
  collected: Collected,
): Generator<void> {
  const { findings } = collected;
  const series = new Map(
    store.reader
      .listSeries(partition, study.studyInstanceUid)
      .map((record) => [record.seriesInstanceUid, { record, sums: newSums() }]),
  );
  const sums = newSums();
  for (const instance of store.reader.instances(partition, study.studyInstanceUid)) {
    const parent = series.get(instance.seriesInstanceUid);
    if (parent === undefined) findings.add('record', pathOf(instance), 'has no series record');
    else addTo(parent.sums, instance);
    addTo(sums, instance);
    verifyInstance(store, partition, instance, collected);
    yield;
  }
  for (const each of series.values()) {
    findings.seriesCount += 1;
    verifySeriesCounts(each.record, each.sums, findings);
  }
  verifyStudyCounts(
    study,
    sums,
    [...series.values()].map(({ record }) => record),
    findings,
  );
}

interface Sums {
  instanceCount: number;
  storedBytes: number;
  readonly sopClassCounts: Map<string, number>;
}

function newSums(): Sums {
  return { instanceCount: 0, storedBytes: 0, sopClassCounts: new Map() };
}

function addTo(sums: Sums, { attributes, blob }: InstanceRecord): void {
  sums.instanceCount += 1;
  sums.storedBytes += blob.length;
  const [uid] = attributes[sopClassUidTag]?.Value ?? [];
  if (typeof uid !== 'string') return;
  sums.sopClassCounts.set(uid, (sums.sopClassCounts.get(uid) ?? 0) + 1);
}

function verifySeriesCounts(record: SeriesRecord, sums: Sums, findings: VerifyFindings): void {
  const counts = Object.entries(record.sopClassCounts);
  const isRight =
    record.instanceCount === sums.instanceCount &&
    record.storedBytes === sums.storedBytes &&
    counts.length === sums.sopClassCounts.size &&
    counts.every(([uid, count]) => sums.sopClassCounts.get(uid) === count);
  if (isRight) return;
  const subject = `${record.studyInstanceUid}/${record.seriesInstanceUid}`;
  findings.add('counters', subject, `${record.instanceCount} counted, ${sums.instanceCount} found`);
}

function verifyStudyCounts(
  record: StudyRecord,
  sums: Sums,
  series: readonly SeriesRecord[],
  findings: VerifyFindings,
): void {
  const isRight =
    record.instanceCount === sums.instanceCount &&
    record.storedBytes === sums.storedBytes &&
    record.seriesCount === series.length &&
    new Set(record.sopClassUids).size === sums.sopClassCounts.size &&
    record.sopClassUids.every((uid) => sums.sopClassCounts.has(uid));
  if (isRight) return;
  const detail =
    `${record.seriesCount} series and ${record.instanceCount} instances counted,` +
    ` ${series.length} and ${sums.instanceCount} found`;
  findings.add('counters', record.studyInstanceUid, detail);
}

function verifyInstance(
  store: OpenedStore,
  partition: number,
  record: InstanceRecord,
  { findings, liveBytes }: Collected,
): void {
  const { reader } = store;
  const path = pathOf(record);
  findings.instanceCount += 1;
  findings.check('metadata', path, () => {
    if (reader.readMetadata(partition, record) === undefined) throw new Error('is missing');
  });
  findings.check('layout', path, () => verifyLayout(reader, partition, record, findings));
  findings.check('blob', path, () => verifyBlob(store, record, findings));
  findings.check('change-log', path, () => {
    const [change] = reader.readChanges(record.sequence - 1, 1);
    const isIts =
      change !== undefined &&
      change.action !== 'delete' &&
      change.partition === partition &&
      pathOf(change) === path;
    if (!isIts) throw new Error(`change ${record.sequence} is not of this instance`);
  });
  countLive(liveBytes, record);
}

function countLive(liveBytes: LiveBytes, { blob }: InstanceRecord): void {
  const { store: kind, segment, length } = blob;
  if (kind === 'segment') {
    liveBytes.set(segment, (liveBytes.get(segment) ?? 0) + recordBytes(length));
  }
}

function verifyLayout(
  reader: CatalogReader,
  partition: number,
  record: InstanceRecord,
  findings: VerifyFindings,
): void {
  const layout = reader.readLayout(partition, record);
  if (layout === undefined) throw new Error('is missing');
  if (layout.pixel.kind !== 'encapsulated') return;
  const pageCount = Math.ceil(layout.pixel.frameCount / frameTablePageEntries);
  for (let page = 0; page < pageCount; page++) {
    findings.check('frame-table', `${pathOf(record)} page ${page}`, () => {
      const entries = reader.readFrameTablePage(partition, record, page);
      if (entries === undefined) throw new Error('is missing');
    });
  }
}

/** Throws when the bytes are not those that were stored. */
function verifyBlob(store: OpenedStore, { blob }: InstanceRecord, findings: VerifyFindings): void {
  const chunk = Buffer.allocUnsafe(Math.min(blobChunkBytes, blob.length));
  let checksum = 0;
  for (let at = 0; at < blob.length;) {
    const count = store.blobReader.readSync(blob, at, chunk);
    checksum = crc32(chunk.subarray(0, count), checksum);
    at += count;
    findings.blobBytes += count;
  }
  if (checksum === blob.crc32) return;
  const place = `${blob.store} ${blob.segment} at ${blob.offset}`;
  throw new Error(`the bytes in ${place} fail their checksum`);
}

function verifySegmentUse(
  { database }: OpenedStore,
  liveBytes: LiveBytes,
  findings: VerifyFindings,
): void {
  const { uses } = new SegmentUsage(database);
  for (const segment of new Set([...uses.keys(), ...liveBytes.keys()])) {
    const counted = uses.get(segment)?.liveBytes ?? 0;
    const found = liveBytes.get(segment) ?? 0;
    if (counted === found) continue;
    findings.add('segment-use', `segment ${segment}`, `${counted} bytes counted, ${found} found`);
  }
}

function pathOf(key: {
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly sopInstanceUid: string;
}): string {
  return `${key.studyInstanceUid}/${key.seriesInstanceUid}/${key.sopInstanceUid}`;
}
