import type { DicomScu } from '#test/helpers/dicom-scu.js';
import { ctImageStorage, explicitVrLittleEndian } from '#test/helpers/dimse-fixture.js';
import { buildPart10, sampleIdentifiers } from '#test/helpers/dicom-builder.js';

/** What an instance is made of; equal names give equal bytes. */
export interface InstanceName {
  /** Digits and dots; names study and series. */
  readonly seed: string;
  readonly number: number;
}

export interface NumberedInstance extends InstanceName {
  readonly part10: Buffer;
  readonly pixels: Buffer;
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly sopInstanceUid: string;
}

const root = '1.2.826.0.2';
/** Rows of square images of 16 bits: from what RocksDB keeps (0.5 KiB) to what is spilled while it arrives (10 MiB). */
const rowsOfSmall = [16, 72, 128, 256, 512];
const rowsOfLarge = 2_300;
/** Every so many an instance is large. */
const largeEvery = 97;

const cache: NumberedInstance[] = [];
const cachedMax = 64;
/** The SOP Instance UID of a Part 10 file begins within so much. */
const uidSearchedBytes = 4_096;

export function studyOf(seed: string): string {
  return `${root}.${seed}.1`;
}

export function sopOf({ seed, number }: InstanceName): string {
  return `${root}.${seed}.3.${number}`;
}

/** Path of the instance below a DICOMweb root. */
export function pathOf(name: InstanceName): string {
  return `studies/${studyOf(name.seed)}/series/${root}.${name.seed}.2/instances/${sopOf(name)}`;
}

/** Pixel Data of the instance, with which its bytes end. */
export function pixelsOf({ seed, number }: InstanceName): Buffer {
  const rows = rowsOf(number);
  return Buffer.alloc(rows * rows * 2, Buffer.from(`${seed}/${number}/`));
}

/** Number of the instance of which these are the bytes, by its SOP Instance UID; undefined when it is none of the study. */
export function numberOf(seed: string, bytes: Buffer): number | undefined {
  const start = bytes.subarray(0, uidSearchedBytes).toString('latin1');
  const prefix = sopOf({ seed, number: 0 }).slice(0, -1);
  const at = start.indexOf(prefix);
  return at < 0 ? undefined : Number.parseInt(start.slice(at + prefix.length), 10);
}

function rowsOf(number: number): number {
  return isLarge(number) ? rowsOfLarge : rowsOfSmall[number % rowsOfSmall.length]!;
}

function isLarge(number: number): boolean {
  return number % largeEvery === largeEvery - 1;
}

export function numberedInstance({ seed, number }: InstanceName): NumberedInstance {
  const cached = cache.find((each) => each.seed === seed && each.number === number);
  if (cached !== undefined) return cached;
  const rows = rowsOf(number);
  const studyInstanceUid = studyOf(seed);
  const seriesInstanceUid = `${root}.${seed}.2`;
  const sopInstanceUid = sopOf({ seed, number });
  const pixels = pixelsOf({ seed, number });
  const identifiers = { study: studyInstanceUid, series: seriesInstanceUid };
  const part10 = buildPart10({
    elements: {
      ...sampleIdentifiers({ ...identifiers, instance: sopInstanceUid }),
      PatientID: `RELIABILITY-${seed}`,
      StudyDate: '20240131',
      Modality: 'CT',
      InstanceNumber: number,
      Rows: rows,
      Columns: rows,
      SamplesPerPixel: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      BitsAllocated: 16,
      BitsStored: 12,
      HighBit: 11,
      PixelRepresentation: 0,
    },
    pixelData: pixels,
  });
  const instance: NumberedInstance = {
    ...{ seed, number, part10: Buffer.from(part10), pixels },
    ...{ studyInstanceUid, seriesInstanceUid, sopInstanceUid },
  };
  if (!isLarge(number)) cache.push(instance);
  if (cache.length > cachedMax) cache.shift();
  return instance;
}

/** What a C-STORE of the instance is made of. */
export function storeRequestOf(name: InstanceName): Parameters<DicomScu['prepareStore']>[0] {
  const { part10, sopInstanceUid } = numberedInstance(name);
  return {
    sopClassUid: ctImageStorage,
    sopInstanceUid,
    transferSyntaxUid: explicitVrLittleEndian,
    dataSet: part10.subarray(dataSetStart(part10)),
  };
}

/** Where the data set of a Part 10 file begins: behind the group length element and what it counts (PS3.10 §7.1). */
function dataSetStart(part10: Buffer): number {
  const groupLengthEnd = 132 + 12;
  return groupLengthEnd + part10.readUInt32LE(groupLengthEnd - 4);
}
