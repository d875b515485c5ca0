import { GantryError } from '#engine/base/error-catalogue.js';
import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';
import type {
  BlobLocator,
  InstanceKey,
  DeletedRecord,
  InstanceRecord,
  SeriesKey,
  SeriesRecord,
  StudyRecord,
} from './catalog-records.js';

/**
 * Records as values of the column `catalog`: a binary head of fixed layout (little-endian), then JSON text. What the key says is
 * not repeated. RocksDB checksums the block a value lies in, so records carry no checksum of their own.
 *
 * head: version u8, sequence f64, createdAtMs f64, …
 * study: seriesCount u32, instanceCount u32, storedBytes f64, JSON `[attributes, modalities, sopClassUids]`
 * series: instanceCount u32, storedBytes f64, JSON `[attributes, sopClassCounts]`
 * instance: locator (store u8, segment u32, offset f64, length f64, crc32 u32), length u8 and text of the transfer syntax, JSON
 *
 * Numbers beyond 32 bits are doubles: exact up to 2^53 as they are in memory, and read without a BigInt.
 */
const recordVersion = 1;

const headBytes = 17;
const studyHeadBytes = headBytes + 16;
const seriesHeadBytes = headBytes + 12;
const instanceHeadBytes = headBytes + 26;

const locatorStores = ['segment', 'file', 'value'] as const;

export function encodeStudyRecord(record: StudyRecord): Buffer {
  const json = JSON.stringify([record.attributes, record.modalities, record.sopClassUids]);
  const bytes = beginRecord(record, studyHeadBytes, json);
  bytes.writeUInt32LE(record.seriesCount, headBytes);
  bytes.writeUInt32LE(record.instanceCount, headBytes + 4);
  bytes.writeDoubleLE(record.storedBytes, headBytes + 8);
  return bytes;
}

export function decodeStudyRecord(studyInstanceUid: string, bytes: Buffer): StudyRecord {
  const { json, ...head } = readStudyHead(bytes);
  const [attributes, modalities, sopClassUids] = parse(json) as [JsonDataSet, string[], string[]];
  return { studyInstanceUid, ...head, attributes, modalities, sopClassUids };
}

/** A study record of which the JSON has not been parsed. */
export type StudyHead = Omit<
  StudyRecord,
  'studyInstanceUid' | 'attributes' | 'modalities' | 'sopClassUids' | 'elements'
> & { readonly json: string };

export function readStudyHead(bytes: Buffer): StudyHead {
  checkVersion(bytes, studyHeadBytes);
  return {
    sequence: bytes.readDoubleLE(1),
    createdAtMs: bytes.readDoubleLE(9),
    seriesCount: bytes.readUInt32LE(headBytes),
    instanceCount: bytes.readUInt32LE(headBytes + 4),
    storedBytes: bytes.readDoubleLE(headBytes + 8),
    json: bytes.toString('utf8', studyHeadBytes, bytes.length),
  };
}

export function encodeSeriesRecord(record: SeriesRecord): Buffer {
  const json = JSON.stringify([record.attributes, record.sopClassCounts]);
  const bytes = beginRecord(record, seriesHeadBytes, json);
  bytes.writeUInt32LE(record.instanceCount, headBytes);
  bytes.writeDoubleLE(record.storedBytes, headBytes + 4);
  return bytes;
}

export function decodeSeriesRecord(key: SeriesKey, bytes: Buffer): SeriesRecord {
  checkVersion(bytes, seriesHeadBytes);
  const [attributes, sopClassCounts] = jsonFrom(bytes, seriesHeadBytes) as [
    JsonDataSet,
    Record<string, number>,
  ];
  return {
    studyInstanceUid: key.studyInstanceUid,
    seriesInstanceUid: key.seriesInstanceUid,
    sequence: bytes.readDoubleLE(1),
    createdAtMs: bytes.readDoubleLE(9),
    attributes,
    instanceCount: bytes.readUInt32LE(headBytes),
    sopClassCounts,
    storedBytes: bytes.readDoubleLE(headBytes + 4),
  };
}

export function encodeInstanceRecord(record: InstanceRecord): Buffer {
  const { blob, transferSyntaxUid } = record;
  const attributesAt = instanceHeadBytes + transferSyntaxUid.length;
  const bytes = beginRecord(record, attributesAt, JSON.stringify(record.attributes));
  bytes[headBytes] = locatorStores.indexOf(blob.store);
  bytes.writeUInt32LE(blob.segment, headBytes + 1);
  bytes.writeDoubleLE(blob.offset, headBytes + 5);
  bytes.writeDoubleLE(blob.length, headBytes + 13);
  bytes.writeUInt32LE(blob.crc32, headBytes + 21);
  bytes[headBytes + 25] = transferSyntaxUid.length;
  bytes.write(transferSyntaxUid, instanceHeadBytes, 'latin1');
  return bytes;
}

/** The attributes are decoded when they are asked for: a retrieve needs the place of the bytes, of thousands of instances. */
export function decodeInstanceRecord(key: InstanceKey, bytes: Buffer): InstanceRecord {
  checkVersion(bytes, instanceHeadBytes);
  const attributesAt = instanceHeadBytes + bytes[headBytes + 25]!;
  let attributes: JsonDataSet | undefined;
  return {
    studyInstanceUid: key.studyInstanceUid,
    seriesInstanceUid: key.seriesInstanceUid,
    sopInstanceUid: key.sopInstanceUid,
    sequence: bytes.readDoubleLE(1),
    createdAtMs: bytes.readDoubleLE(9),
    get attributes() {
      return (attributes ??= jsonFrom(bytes, attributesAt) as JsonDataSet);
    },
    transferSyntaxUid: bytes.toString('latin1', instanceHeadBytes, attributesAt),
    blob: decodeLocator(bytes),
  };
}

function decodeLocator(bytes: Buffer): BlobLocator {
  const store = locatorStores[bytes[headBytes]!];
  if (store === undefined) throw new GantryError('corrupt', 'unknown kind of blob in a record');
  return {
    store,
    segment: bytes.readUInt32LE(headBytes + 1),
    offset: bytes.readDoubleLE(headBytes + 5),
    length: bytes.readDoubleLE(headBytes + 13),
    crc32: bytes.readUInt32LE(headBytes + 21),
  };
}

function beginRecord(
  record: { readonly sequence: number; readonly createdAtMs: number },
  jsonAt: number,
  json: string,
): Buffer {
  const bytes = Buffer.allocUnsafe(jsonAt + Buffer.byteLength(json));
  bytes[0] = recordVersion;
  bytes.writeDoubleLE(record.sequence, 1);
  bytes.writeDoubleLE(record.createdAtMs, 9);
  bytes.write(json, jsonAt, 'utf8');
  return bytes;
}

/** dueAtMs f64 in front of the instance record as it was. */
export function encodeDeletedRecord({ record, dueAtMs }: DeletedRecord): Buffer {
  const due = Buffer.alloc(8);
  due.writeDoubleLE(dueAtMs);
  return Buffer.concat([due, encodeInstanceRecord(record)]);
}

/** Throws `corrupt`. */
export function decodeDeletedRecord(key: InstanceKey, bytes: Buffer): DeletedRecord {
  if (bytes.length < 8) throw new GantryError('corrupt', 'a deleted record of unknown form');
  return { record: decodeInstanceRecord(key, bytes.subarray(8)), dueAtMs: bytes.readDoubleLE(0) };
}

function checkVersion(bytes: Buffer, bytesMin: number): void {
  if (bytes.length < bytesMin || bytes[0] !== recordVersion) {
    throw new GantryError('corrupt', 'a record of unknown form');
  }
}

function jsonFrom(bytes: Buffer, start: number): unknown {
  return parse(bytes.toString('utf8', start, bytes.length));
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch (cause) {
    throw new GantryError('corrupt', 'a record without its attributes', { cause });
  }
}
