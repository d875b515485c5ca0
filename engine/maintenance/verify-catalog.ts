import { crc32 } from 'node:zlib';
import { BlockChecksummer } from '#engine/base/block-checksums.js';
import { frameTablePageEntries } from '#engine/dicom/pixel-data/frame-table.js';
import { recordBytes } from '#engine/store/blob/record-header.js';
import { SegmentUsage } from '#engine/store/blob/segment-usage.js';
import type { SegmentUse } from '#engine/store/blob/segment-usage.js';
import type { BlockChecksumPage } from '#engine/store/catalog/block-checksums-codec.js';
import type { CatalogReader } from '#engine/store/catalog/catalog-reader.js';
import type {
  ChangeRecord,
  InstanceRecord,
  SeriesRecord,
  StudyRecord,
} from '#engine/store/catalog/catalog-records.js';
import type { OpenedStore } from '#engine/store/open-store.js';
import type { SteppedWork } from './throttle.js';
import { VerifyFindings } from './verify-report.js';

const changePageEntries = 4096;
/** For the rate: an entry is about this long. */
const changeBytesAbout = 128;
const blobChunkBytes = 1024 * 1024;

const sopClassUidTag = '00080016';

/** A store that is opened, or borrowed by a thread. */
export type VerifiedStore = Pick<OpenedStore, 'reader' | 'blobReader' | 'database'>;
/** By how many instances more there are after a change. */
const countChange = { create: 1, restore: 1, replace: 0, delete: -1 } as const;

/** Live bytes of each segment, as the records say. */
type LiveBytes = Map<number, number>;

/**
 * Reads the change log from its start to where it ended when this began: sequences without a gap, and as many instances as were
 * created and not deleted. Returns the partitions it names.
 */
export function* verifyChangeLog(
  reader: CatalogReader,
  findings: VerifyFindings,
): SteppedWork<number[]> {
  const partitions = new Set<number>();
  const last = reader.lastSequence();
  let expected = reader.changeLogStart() + 1;
  while (expected <= last) {
    const page = readPage(reader, expected - 1, findings);
    if (page.length === 0) break;
    for (const change of page) {
      if (change.sequence > last) break;
      if (change.sequence !== expected) {
        findings.add('change-log', `sequence ${expected}`, `follows ${change.sequence}`);
        expected = change.sequence;
      }
      expected += 1;
      partitions.add(change.partition);
      findings.changeCount += 1;
      findings.instanceCountExpected += countChange[change.action];
    }
    yield page.length * changeBytesAbout;
  }
  const hasMore = readPage(reader, last, findings).length > 0 && reader.lastSequence() === last;
  if (expected !== last + 1 || hasMore) {
    const detail = `the state says ${last} is the last`;
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
 * values by adding up. What changes meanwhile, as in a store at work, is looked at again before it is called a problem. Sums over
 * the whole store are compared only when nothing changed.
 */
export function* verifyRecords(
  store: VerifiedStore,
  partitions: readonly number[],
  findings: VerifyFindings,
): SteppedWork<void> {
  const sequence = store.reader.lastSequence();
  const uses = usesOf(store);
  const liveBytes: LiveBytes = new Map();
  for (const partition of partitions) {
    for (const { record } of store.reader.allDeletedInstances(partition)) {
      countLive(liveBytes, record);
    }
    for (const study of store.reader.studies(partition)) {
      findings.studyCount += 1;
      yield* verifyStudy(store, partition, study.studyInstanceUid, { findings, liveBytes });
    }
  }
  findings.isSettled = store.reader.lastSequence() === sequence && isEqual(uses, usesOf(store));
  if (!findings.isSettled) return;
  if (findings.instanceCount !== findings.instanceCountExpected) {
    const detail = `${findings.instanceCount} found, ${findings.instanceCountExpected} created and not deleted`;
    findings.add('change-log', 'instances', detail);
  }
  verifySegmentUse(uses, liveBytes, findings);
}

interface Collected {
  readonly findings: VerifyFindings;
  readonly liveBytes: LiveBytes;
}

function* verifyStudy(
  store: VerifiedStore,
  partition: number,
  studyInstanceUid: string,
  collected: Collected,
): SteppedWork<void> {
  for (const instance of store.reader.instances(partition, studyInstanceUid)) {
    yield* verifyInstance(store, partition, instance, collected);
  }
  yield* verifyCounts(store.reader, partition, studyInstanceUid, collected.findings);
}

/** Looks at a study that changes while it is counted, such as one that is coming in, this often. */
const countAttemptsMax = 5;

function* verifyCounts(
  reader: CatalogReader,
  partition: number,
  studyInstanceUid: string,
  findings: VerifyFindings,
): SteppedWork<void> {
  for (let attempt = 0; attempt < countAttemptsMax; attempt++) {
    const study = reader.findStudy(partition, studyInstanceUid);
    if (study === undefined) return;
    const found = new VerifyFindings();
    countStudy(reader, partition, study, found);
    if (reader.findStudy(partition, studyInstanceUid)?.sequence === study.sequence) {
      findings.seriesCount += found.seriesCount;
      findings.addAll(found.problems);
      return;
    }
    yield 0;
  }
}

function countStudy(
  reader: CatalogReader,
  partition: number,
  study: StudyRecord,
  findings: VerifyFindings,
): void {
  const series = new Map(
    reader
      .listSeries(partition, study.studyInstanceUid)
      .map((record) => [record.seriesInstanceUid, { record, sums: newSums() }]),
  );
  const sums = newSums();
  for (const instance of reader.instances(partition, study.studyInstanceUid)) {
    const parent = series.get(instance.seriesInstanceUid);
    if (parent === undefined) findings.add('record', pathOf(instance), 'has no series record');
    else addTo(parent.sums, instance);
    addTo(sums, instance);
  }
  for (const each of series.values()) {
    findings.seriesCount += 1;
    verifySeriesCounts(each.record, each.sums, findings);
  }
  const records = [...series.values()].map(({ record }) => record);
  verifyStudyCounts(study, sums, records, findings);
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

/** An instance that goes, or moves to another segment, while it is read is looked at anew. */
function* verifyInstance(
  store: VerifiedStore,
  partition: number,
  record: InstanceRecord,
  { findings, liveBytes }: Collected,
): SteppedWork<void> {
  let current: InstanceRecord = record;
  for (;;) {
    const found = new VerifyFindings();
    yield* checkInstance(store, partition, current, found);
    findings.blobBytes += found.blobBytes;
    const now: InstanceRecord | undefined =
      found.problems.length === 0 ? current : reread(store.reader, partition, current);
    if (now === undefined) return;
    if (isSamePlace(now, current)) {
      findings.addAll(found.problems);
      break;
    }
    current = now;
  }
  findings.instanceCount += 1;
  countLive(liveBytes, current);
}

function reread(
  reader: CatalogReader,
  partition: number,
  record: InstanceRecord,
): InstanceRecord | undefined {
  try {
    return reader.findInstance(partition, record);
  } catch {
    // Damaged: what was found stands.
    return record;
  }
}

function isSamePlace(a: InstanceRecord, b: InstanceRecord): boolean {
  const { store, segment, offset } = a.blob;
  const isSameBlob = b.blob.store === store && b.blob.segment === segment;
  return isSameBlob && b.blob.offset === offset && a.sequence === b.sequence;
}

function* checkInstance(
  store: VerifiedStore,
  partition: number,
  record: InstanceRecord,
  findings: VerifyFindings,
): SteppedWork<void> {
  const { reader } = store;
  const path = pathOf(record);
  findings.check('metadata', path, () => {
    if (reader.readMetadata(partition, record) === undefined) throw new Error('is missing');
  });
  findings.check('layout', path, () => verifyLayout(reader, partition, record, findings));
  findings.check('change-log', path, () => {
    const [change] = reader.readChanges(record.sequence - 1, 1);
    const isIts =
      change !== undefined &&
      change.action !== 'delete' &&
      change.partition === partition &&
      pathOf(change) === path;
    if (!isIts) throw new Error(`change ${record.sequence} is not of this instance`);
  });
  try {
    yield* verifyBlob(store, partition, record, findings);
  } catch (error) {
    findings.add('blob', path, error instanceof Error ? error.message : String(error));
  }
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

/** Throws when the bytes are not those that were stored, as a whole and block by block. */
function* verifyBlob(
  store: VerifiedStore,
  partition: number,
  record: InstanceRecord,
  findings: VerifyFindings,
): SteppedWork<void> {
  const { blob } = record;
  const first = store.reader.readBlockChecksums(partition, record, 0);
  const prefixBytes = first?.prefixBytes ?? 0;
  const received = new BlockChecksummer();
  const chunk = Buffer.allocUnsafe(Math.min(blobChunkBytes, blob.length));
  let checksum = 0;
  for (let at = 0; at < blob.length;) {
    const count = store.blobReader.readSync(blob, at, chunk);
    const bytes = chunk.subarray(0, count);
    checksum = crc32(bytes, checksum);
    if (first !== undefined) received.add(bytes.subarray(Math.max(0, prefixBytes - at)));
    at += count;
    findings.blobBytes += count;
    yield count;
  }
  const place = `${blob.store} ${blob.segment} at ${blob.offset}`;
  if (checksum !== blob.crc32) throw new Error(`the bytes in ${place} fail their checksum`);
  if (first === undefined) return;
  const stored = storedChecksums(store.reader, partition, record, first);
  // The block of the prefix is covered by the checksum of the whole.
  if (!stored.subarray(prefixBytes > 0 ? 4 : 0).equals(received.finish())) {
    throw new Error('the checksums of its blocks are not those of its bytes');
  }
}

function storedChecksums(
  reader: CatalogReader,
  partition: number,
  record: InstanceRecord,
  first: BlockChecksumPage,
): Buffer {
  const pages: Buffer[] = [];
  for (
    let page: BlockChecksumPage | undefined = first;
    page !== undefined;
    page = reader.readBlockChecksums(partition, record, pages.length)
  ) {
    pages.push(page.entries);
  }
  return Buffer.concat(pages);
}

type Uses = SegmentUsage['uses'];

function usesOf({ database }: VerifiedStore): Uses {
  return new SegmentUsage(database).uses;
}

function isEqual(a: Uses, b: Uses): boolean {
  const isKept = ([segment, use]: readonly [number, SegmentUse]): boolean =>
    b.get(segment)?.liveBytes === use.liveBytes && b.get(segment)?.usedBytes === use.usedBytes;
  return a.size === b.size && [...a].every(isKept);
}

function verifySegmentUse(uses: Uses, liveBytes: LiveBytes, findings: VerifyFindings): void {
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
