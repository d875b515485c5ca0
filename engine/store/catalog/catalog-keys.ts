import type { InstanceKey, SeriesKey } from './catalog-records.js';
import { studyPlace, type StudyPlace } from './study-order.js';

/**
 * Every key of the database. A key begins with the layout version and the partition, so that the keys of a partition are one
 * range and a new layout can stand beside an old one; its parts follow, each ended by a NUL byte. No UID contains a byte below
 * `.`, so that keys sort as the tuples of their parts do: all series of a study lie together, in order of their UID.
 *
 * | column   | key (version 1, partition u32 big-endian, …)        | value                              |
 * |----------|-----------------------------------------------------|------------------------------------|
 * | catalog  | `s` study                                           | study record                       |
 * | catalog  | `e` study NUL series                                | series record                      |
 * | catalog  | `i` study NUL series NUL instance                   | instance record                    |
 * | catalog  | `u` instance NUL study NUL series                   | empty                              |
 * | catalog  | `r` study NUL series NUL instance                   | deleted record, within its time    |
 * | catalog  | `p` PatientID NUL study                             | empty                              |
 * | catalog  | `a` AccessionNumber NUL study                       | empty                              |
 * | catalog  | `d` place by date and time NUL study                | gist of the study, or empty        |
 * | catalog  | `n` name NUL place NUL study                        | empty                              |
 * | metadata | study NUL series NUL instance                       | metadata document                  |
 * | frames   | study NUL series NUL instance NUL `l`               | layout                             |
 * | frames   | study NUL series NUL instance NUL `f` page u32      | frame table page                   |
 * | frames   | study NUL series NUL instance NUL `c` page u32      | page of block checksums            |
 *
 * Example: `01 00000000 69 "1.2" 00 "1.2.3" 00 "1.2.3.4"`. Keys without a partition:
 *
 * | column   | key (version 1, …)                                  | value                              |
 * |----------|-----------------------------------------------------|------------------------------------|
 * | blobs    | segment u32, offset u64, chunk u32                  | bytes of a blob                    |
 * | changes  | sequence u64                                        | change record                      |
 * | default  | `t`                                                 | state of the store                 |
 * | default  | `g` segment u32                                     | empty: a file of its own is in use, or had the highest number |
 * | default  | `v` segment u32                                     | use of a segment file              |
 * | default  | `o`                                                 | version of the ordered keys, u8    |
 * | default  | `b`                                                 | where the change log begins        |
 * | default  | `x` due time u64, segment u32, offset u64           | bytes to be removed at that time   |
 * | default  | `y` due time u64, partition u32, instance path      | empty: a deleted record is to go   |
 */
export const keyVersion = 1;

/** The column families of the database. */
export type StoreColumn = 'default' | 'catalog' | 'metadata' | 'frames' | 'blobs' | 'changes';

const prefixBytes = 5;
const separator = 0;

const kind = {
  study: 's',
  series: 'e',
  instance: 'i',
  sopInstance: 'u',
  deleted: 'r',
  patientId: 'p',
  accessionNumber: 'a',
  studyOrder: 'd',
  patientName: 'n',
} as const;

/** Attributes of a study that have an ordered key of their own. */
export type OrderedAttribute = 'patientId' | 'accessionNumber';

/** Values longer than this are cut in ordered keys; readers compare with the record. */
const orderedValueBytesMax = 256;

export function studyKey(partition: number, studyInstanceUid: string): Buffer {
  return textKey(partition, kind.study + studyInstanceUid);
}

export function seriesKey(partition: number, key: SeriesKey): Buffer {
  return textKey(partition, `${kind.series}${key.studyInstanceUid}\0${key.seriesInstanceUid}`);
}

export function instanceKey(partition: number, key: InstanceKey): Buffer {
  return textKey(partition, kind.instance + uidPath(key));
}

/** The record of a deleted instance that can still be brought back. */
export function deletedKey(partition: number, key: InstanceKey): Buffer {
  return textKey(partition, kind.deleted + uidPath(key));
}

/** Deleted instances of a study, of one of its series, or the one named. */
export function deletedRange(partition: number, key: Partial<InstanceKey> & StudyName): KeyRange {
  const parts = [key.studyInstanceUid, key.seriesInstanceUid, key.sopInstanceUid];
  const path = parts.filter((part) => part !== undefined).join('\0');
  if (key.sopInstanceUid === undefined) {
    return rangeOf(textKey(partition, `${kind.deleted}${path}\0`));
  }
  const gte = textKey(partition, kind.deleted + path);
  return { gte, lt: Buffer.concat([gte, Buffer.alloc(1)]) };
}

/** All deleted instances of a partition. */
export function allDeletedRange(partition: number): KeyRange {
  return rangeOf(textKey(partition, kind.deleted));
}

type StudyName = Pick<SeriesKey, 'studyInstanceUid'>;

/** Sorts by the time in ms at which the deleted record goes. */
export function deletedDueKey(dueAtMs: number, partition: number, key: InstanceKey): Buffer {
  const head = Buffer.alloc(14);
  head[0] = keyVersion;
  head[1] = 'y'.charCodeAt(0);
  head.writeBigUInt64BE(BigInt(dueAtMs), 2);
  head.writeUInt32BE(partition, 10);
  return Buffer.concat([head, Buffer.from(uidPath(key), 'latin1')]);
}

export function deletedDueRange(): KeyRange {
  return rangeOf(Buffer.from([keyVersion, 'y'.charCodeAt(0)]));
}

/** What `deletedDueKey` was made of. */
export function partsOfDeletedDueKey(key: Buffer): {
  readonly dueAtMs: number;
  readonly partition: number;
  readonly instance: InstanceKey;
} {
  return {
    dueAtMs: Number(key.readBigUInt64BE(2)),
    partition: key.readUInt32BE(10),
    instance: instanceOfPath(key.toString('latin1', 14, key.length)),
  };
}

export function sopInstanceKey(partition: number, key: InstanceKey): Buffer {
  const { studyInstanceUid, seriesInstanceUid, sopInstanceUid } = key;
  return textKey(
    partition,
    `${kind.sopInstance}${sopInstanceUid}\0${studyInstanceUid}\0${seriesInstanceUid}`,
  );
}

export function orderedKey(
  partition: number,
  attribute: OrderedAttribute,
  value: string,
  studyInstanceUid: string,
): Buffer {
  return Buffer.concat([
    orderedPrefix(partition, attribute, value),
    Buffer.from(studyInstanceUid, 'latin1'),
  ]);
}

/** `name` is a component group in search form, `part` of study-order.ts. */
export function patientNameKey(
  partition: number,
  name: string,
  part: string,
  studyInstanceUid: string,
): Buffer {
  return Buffer.concat([
    valuePrefix(partition, kind.patientName, name),
    Buffer.from(studyPlace(part, studyInstanceUid), 'latin1'),
  ]);
}

/**
 * Keys of `patientNameKey` whose name is, or begins with, `name`; undefined for one that is longer than what keys hold of a
 * name.
 */
export function patientNameRange(
  partition: number,
  name: string,
  isPrefix: boolean,
): KeyRange | undefined {
  if (Buffer.byteLength(name) >= orderedValueBytesMax) return undefined;
  const bytes = valuePrefix(partition, kind.patientName, name);
  return rangeOf(isPrefix ? bytes.subarray(0, -1) : bytes);
}

export function studyOrderKey(partition: number, place: StudyPlace): Buffer {
  return textKey(partition, kind.studyOrder + place);
}

/** Keys of `studyOrderKey` whose part lies from `begin` up to, without, `end`. */
export function studyOrderRange(partition: number, begin: string, end: string): KeyRange {
  return {
    gte: textKey(partition, kind.studyOrder + begin),
    lt: textKey(partition, kind.studyOrder + end),
  };
}

export function metadataKey(partition: number, key: InstanceKey): Buffer {
  return textKey(partition, uidPath(key));
}

export function layoutKey(partition: number, key: InstanceKey): Buffer {
  return textKey(partition, `${uidPath(key)}\0l`);
}

/** Pages of a frame table are numbered from 0. */
export function frameTableKey(partition: number, key: InstanceKey, page: number): Buffer {
  return pageKey(partition, `${uidPath(key)}\0f`, page);
}

/** Pages of block checksums are numbered from 0. */
export function blockChecksumsKey(partition: number, key: InstanceKey, page: number): Buffer {
  return pageKey(partition, `${uidPath(key)}\0c`, page);
}

function pageKey(partition: number, path: string, page: number): Buffer {
  const bytes = Buffer.allocUnsafe(prefixBytes + path.length + 4);
  writePrefix(bytes, partition);
  bytes.write(path, prefixBytes, 'latin1');
  bytes.writeUInt32BE(page, prefixBytes + path.length);
  return bytes;
}

/** A blob kept in RocksDB values is cut into chunks, numbered from 0. */
export function blobChunkKey(segment: number, offset: number, chunk: number): Buffer {
  const bytes = Buffer.allocUnsafe(17);
  bytes[0] = keyVersion;
  bytes.writeUInt32BE(segment, 1);
  bytes.writeBigUInt64BE(BigInt(offset), 5);
  bytes.writeUInt32BE(chunk, 13);
  return bytes;
}

export function changeKey(sequence: number): Buffer {
  const bytes = Buffer.allocUnsafe(9);
  bytes[0] = keyVersion;
  bytes.writeBigUInt64BE(BigInt(sequence), 1);
  return bytes;
}

export function sequenceOfChangeKey(key: Buffer): number {
  return Number(key.readBigUInt64BE(1));
}

export const storeStateKey: Buffer = Buffer.from([keyVersion, 't'.charCodeAt(0)]);

export const orderedKeysVersionKey: Buffer = Buffer.from([keyVersion, 'o'.charCodeAt(0)]);

export const changeLogStartKey: Buffer = Buffer.from([keyVersion, 'b'.charCodeAt(0)]);

export function ownFileKey(segment: number): Buffer {
  return segmentKey('g', segment);
}

export function ownFileRange(): KeyRange {
  return rangeOf(Buffer.from([keyVersion, 'g'.charCodeAt(0)]));
}

export function segmentUseKey(segment: number): Buffer {
  return segmentKey('v', segment);
}

export function segmentUseRange(): KeyRange {
  return rangeOf(Buffer.from([keyVersion, 'v'.charCodeAt(0)]));
}

/** The number at the end of `ownFileKey` and `segmentUseKey`. */
export function segmentOfKey(key: Buffer): number {
  return key.readUInt32BE(2);
}

/** Sorts by the time in ms at which the bytes may go. */
export function garbageKey(dueAtMs: number, segment: number, offset: number): Buffer {
  const bytes = Buffer.allocUnsafe(22);
  bytes[0] = keyVersion;
  bytes[1] = 'x'.charCodeAt(0);
  bytes.writeBigUInt64BE(BigInt(dueAtMs), 2);
  bytes.writeUInt32BE(segment, 10);
  bytes.writeBigUInt64BE(BigInt(offset), 14);
  return bytes;
}

export function garbageRange(): KeyRange {
  return rangeOf(Buffer.from([keyVersion, 'x'.charCodeAt(0)]));
}

/** What `garbageKey` was made of. */
export function partsOfGarbageKey(key: Buffer): {
  readonly dueAtMs: number;
  readonly segment: number;
  readonly offset: number;
} {
  return {
    dueAtMs: Number(key.readBigUInt64BE(2)),
    segment: key.readUInt32BE(10),
    offset: Number(key.readBigUInt64BE(14)),
  };
}

function segmentKey(letter: string, segment: number): Buffer {
  const bytes = Buffer.allocUnsafe(6);
  bytes[0] = keyVersion;
  bytes[1] = letter.charCodeAt(0);
  bytes.writeUInt32BE(segment, 2);
  return bytes;
}

/** Keys from `gte` up to, without, `lt`. */
export interface KeyRange {
  readonly gte: Buffer;
  readonly lt: Buffer;
}

export function studyRange(partition: number): KeyRange {
  return rangeOf(textKey(partition, kind.study));
}

export function seriesRange(partition: number, studyInstanceUid: string): KeyRange {
  return rangeOf(textKey(partition, `${kind.series}${studyInstanceUid}\0`));
}

/** Instances of a study, or of one of its series. */
export function instanceRange(
  partition: number,
  studyInstanceUid: string,
  seriesInstanceUid?: string,
): KeyRange {
  const series = seriesInstanceUid === undefined ? '' : `${seriesInstanceUid}\0`;
  return rangeOf(textKey(partition, `${kind.instance}${studyInstanceUid}\0${series}`));
}

/** All that the column `frames` holds of the instances from `first` to `last`. */
export function framesRange(partition: number, first: InstanceKey, last: InstanceKey): KeyRange {
  return {
    gte: textKey(partition, `${uidPath(first)}\0`),
    lt: rangeOf(textKey(partition, `${uidPath(last)}\0`)).lt,
  };
}

export function sopInstanceRange(partition: number, sopInstanceUid: string): KeyRange {
  return rangeOf(textKey(partition, `${kind.sopInstance}${sopInstanceUid}\0`));
}

export function orderedRange(
  partition: number,
  attribute: OrderedAttribute,
  value: string,
): KeyRange {
  return rangeOf(orderedPrefix(partition, attribute, value));
}

/** Sorts before all keys that a partition can have in `catalog`. */
export function firstKeyOfPartition(partition: number): Buffer {
  return textKey(partition, '');
}

export function partitionOfKey(key: Buffer): number {
  return key.readUInt32BE(1);
}

/** The parts of a key of `catalog`, without its kind. */
export function partsOfKey(key: Buffer): string[] {
  return key.toString('latin1', prefixBytes + 1, key.length).split('\0');
}

/** The instance that a key of `frames` belongs to. */
export function instanceOfFramesKey(key: Buffer): InstanceKey {
  return instanceOfPath(key.toString('latin1', prefixBytes, key.length));
}

function instanceOfPath(path: string): InstanceKey {
  const [studyInstanceUid, seriesInstanceUid, sopInstanceUid] = path.split('\0', 3);
  return {
    studyInstanceUid: studyInstanceUid!,
    seriesInstanceUid: seriesInstanceUid!,
    sopInstanceUid: sopInstanceUid!,
  };
}

/** The place at the end of a key of `studyOrderKey` or `patientNameKey`, read as text. */
export function placeOfKeyText(key: string): StudyPlace {
  let start = key.lastIndexOf('\0');
  while (isDigit(key.charCodeAt(start - 1))) start--;
  return key.slice(start);
}

/** The parts of study-order.ts are digits, and the byte before one is none. */
function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** The keys of a partition that lead to studies by their values and place, one range for each kind. */
export function orderedRanges(partition: number): KeyRange[] {
  const kinds = [kind.patientId, kind.accessionNumber, kind.studyOrder, kind.patientName];
  return kinds.map((each) => rangeOf(textKey(partition, each)));
}

/** The study at the end of an ordered key. */
export function studyOfOrderedKey(key: Buffer): string {
  return key.toString('latin1', key.lastIndexOf(separator) + 1, key.length);
}

function uidPath(key: InstanceKey): string {
  return `${key.studyInstanceUid}\0${key.seriesInstanceUid}\0${key.sopInstanceUid}`;
}

/** A key whose parts are all ASCII, as UIDs are. */
function textKey(partition: number, text: string): Buffer {
  const bytes = Buffer.allocUnsafe(prefixBytes + text.length);
  writePrefix(bytes, partition);
  bytes.write(text, prefixBytes, 'latin1');
  return bytes;
}

function writePrefix(bytes: Buffer, partition: number): void {
  bytes[0] = keyVersion;
  bytes.writeUInt32BE(partition, 1);
}

function orderedPrefix(partition: number, attribute: OrderedAttribute, value: string): Buffer {
  return valuePrefix(partition, kind[attribute], value);
}

/** NUL is no character of a DICOM string; where one came in nevertheless, it must not end the part. */
function valuePrefix(partition: number, kindLetter: string, value: string): Buffer {
  const text = Buffer.from(value.replaceAll('\0', ' '), 'utf8').subarray(0, orderedValueBytesMax);
  const bytes = Buffer.allocUnsafe(prefixBytes + 1 + text.length + 1);
  writePrefix(bytes, partition);
  bytes.write(kindLetter, prefixBytes, 'latin1');
  text.copy(bytes, prefixBytes + 1);
  bytes[bytes.length - 1] = separator;
  return bytes;
}

/** All keys that begin with `prefix`, whose last byte is never 255. */
function rangeOf(prefix: Buffer): KeyRange {
  const lt = Buffer.from(prefix);
  lt[lt.length - 1]! += 1;
  return { gte: prefix, lt };
}
