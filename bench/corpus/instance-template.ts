import { ElementWriter } from './element-writer.js';
import { CORPUS_UID_LENGTH, type CorpusModality, PATIENT_NAME_LENGTH } from './study-plan.js';

/** Shape of the images a template describes. */
export interface ImageShape {
  readonly rows: number;
  readonly columns: number;
  /** 1 for a single-frame image; more makes a multi-frame secondary capture. */
  readonly frameCount: number;
  /** Of the pixel data; Explicit VR Little Endian by default. The pixel data of others is encapsulated (PS3.5 §A.4). */
  readonly transferSyntaxUid?: string;
}

/**
 * The values that differ from instance to instance. Each fills its slot without needless padding, so that a server which writes
 * data sets anew (DCMTK does, after a C-STORE) still returns equal bytes.
 */
export interface SlotValues {
  readonly sopInstanceUid: string;
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly patientId: string;
  readonly patientName: string;
  readonly patientSex: string;
  readonly patientBirthDate: string;
  readonly accessionNumber: string;
  readonly studyDate: string;
  readonly studyTime: string;
  readonly studyId: string;
  readonly seriesNumber: string;
  readonly instanceNumber: string;
  readonly imagePosition: string;
  readonly sliceLocation: string;
}

const SLOT_LENGTHS: Readonly<Record<keyof SlotValues, number>> = {
  sopInstanceUid: CORPUS_UID_LENGTH,
  studyInstanceUid: CORPUS_UID_LENGTH,
  seriesInstanceUid: CORPUS_UID_LENGTH,
  patientId: 12,
  patientName: PATIENT_NAME_LENGTH,
  patientSex: 2,
  patientBirthDate: 8,
  accessionNumber: 14,
  studyDate: 8,
  studyTime: 6,
  studyId: 8,
  seriesNumber: 4,
  instanceNumber: 6,
  imagePosition: 26,
  sliceLocation: 8,
};

const SOP_CLASS_UIDS: Readonly<Record<CorpusModality, string>> = {
  CT: '1.2.840.10008.5.1.4.1.1.2',
  MR: '1.2.840.10008.5.1.4.1.1.4',
  CR: '1.2.840.10008.5.1.4.1.1.1',
  PT: '1.2.840.10008.5.1.4.1.1.128',
};
const MULTI_FRAME_SOP_CLASS_UID = '1.2.840.10008.5.1.4.1.1.7.3';
const EXPLICIT_VR_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
const IMPLEMENTATION_CLASS_UID = '2.25.100000000000000000000000000000000001';
const FRAME_OF_REFERENCE_UID = '2.25.100000000000000000000000000000000002';
const PREAMBLE_BYTES = 128;
const UNDEFINED_LENGTH = 0xffffffff;

/**
 * The Part 10 bytes of an image up to and including the header of Pixel Data, with room for the values of one instance.
 * `fill` costs a few microseconds, so that making instances is never what a benchmark measures.
 */
export class InstanceTemplate {
  readonly sopClassUid: string;
  /** Where the data set begins after the file meta information (PS3.10 §7.1). */
  readonly dataSetOffset: number;
  /** The constant bytes before each slot, as Latin-1 text, and after the last. */
  readonly #pieces: readonly string[];
  readonly #slotNames: readonly (keyof SlotValues)[];

  constructor(modality: CorpusModality, shape: ImageShape) {
    this.sopClassUid = shape.frameCount > 1 ? MULTI_FRAME_SOP_CLASS_UID : SOP_CLASS_UIDS[modality];
    const writer = new ElementWriter();
    const { rows, columns, frameCount, transferSyntaxUid } = shape;
    writeFileMeta(writer, this.sopClassUid, transferSyntaxUid ?? EXPLICIT_VR_LITTLE_ENDIAN);
    this.dataSetOffset = writer.lengthBytes;
    writeIdentification(writer, this.sopClassUid, modality);
    writePatient(writer);
    writeAcquisition(writer);
    writeRelationship(writer);
    writeImage(writer, shape);
    if (transferSyntaxUid === undefined)
      writer.header(0x7fe00010, 'OW', rows * columns * frameCount * 2);
    else writer.header(0x7fe00010, 'OB', UNDEFINED_LENGTH);
    const { bytes, slots } = writer.finish();
    const pieceStarts = [0, ...slots.map(({ offset, lengthBytes }) => offset + lengthBytes)];
    this.#pieces = pieceStarts.map((start, index) =>
      bytes.toString('latin1', start, slots[index]?.offset),
    );
    this.#slotNames = slots.map(({ name }) => name as keyof SlotValues);
  }

  /**
   * The bytes with the values of one instance.
   *
   * @throws RangeError when a value does not have the length of its slot
   */
  fill(values: SlotValues): Buffer {
    let text = this.#pieces[0] ?? '';
    for (let index = 0; index < this.#slotNames.length; index++) {
      const name = this.#slotNames[index] as keyof SlotValues;
      const value = values[name];
      if (value.length !== SLOT_LENGTHS[name]) throw new RangeError(`${name}: wrong length`);
      text += value + this.#pieces[index + 1];
    }
    return Buffer.from(text, 'latin1');
  }
}

function slot(name: keyof SlotValues): { slot: string; lengthBytes: number } {
  return { slot: name, lengthBytes: SLOT_LENGTHS[name] };
}

function writeFileMeta(
  writer: ElementWriter,
  sopClassUid: string,
  transferSyntaxUid: string,
): void {
  writer.raw(Buffer.alloc(PREAMBLE_BYTES));
  writer.raw(Buffer.from('DICM'));
  writer.element(0x00020000, 'UL', [0]);
  const groupStart = writer.lengthBytes;
  writer.element(0x00020001, 'OB', Buffer.from([0, 1]));
  writer.element(0x00020002, 'UI', sopClassUid);
  writer.element(0x00020003, 'UI', slot('sopInstanceUid'));
  writer.element(0x00020010, 'UI', transferSyntaxUid);
  writer.element(0x00020012, 'UI', IMPLEMENTATION_CLASS_UID);
  writer.element(0x00020013, 'SH', 'BENCH_1');
  writer.patchLength(groupStart - 4, writer.lengthBytes - groupStart);
}

function writeIdentification(
  writer: ElementWriter,
  sopClassUid: string,
  modality: CorpusModality,
): void {
  writer.element(0x00080005, 'CS', 'ISO_IR 100');
  writer.element(0x00080008, 'CS', 'ORIGINAL\\PRIMARY\\AXIAL');
  writer.element(0x00080012, 'DA', slot('studyDate'));
  writer.element(0x00080013, 'TM', slot('studyTime'));
  writer.element(0x00080016, 'UI', sopClassUid);
  writer.element(0x00080018, 'UI', slot('sopInstanceUid'));
  for (const tag of [0x00080020, 0x00080021, 0x00080022, 0x00080023])
    writer.element(tag, 'DA', slot('studyDate'));
  for (const tag of [0x00080030, 0x00080031, 0x00080032, 0x00080033])
    writer.element(tag, 'TM', slot('studyTime'));
  writer.element(0x00080050, 'SH', slot('accessionNumber'));
  writer.element(0x00080060, 'CS', modality);
  writer.element(0x00080064, 'CS', 'WSD');
  writer.element(0x00080070, 'LO', 'Example Imaging Systems');
  writer.element(0x00080080, 'LO', 'Example General Hospital');
  writer.element(0x00080081, 'ST', '1 Example Street, Exampleton');
  writer.element(0x00080090, 'PN', 'Referrer^Rita');
  writer.element(0x00081010, 'SH', 'SCANNER1');
  writer.element(0x00081030, 'LO', 'Thorax routine with contrast');
  writer.sequence(0x00081032, [() => writeCode(writer, 'RPID16', 'RADLEX', 'CT Chest')]);
  writer.element(0x0008103e, 'LO', 'Axial 5.0 soft tissue');
  writer.element(0x00081040, 'LO', 'Radiology');
  writer.element(0x00081050, 'PN', 'Performer^Paul');
  writer.element(0x00081060, 'PN', 'Reader^Rosa');
  writer.element(0x00081070, 'PN', 'Operator^Olga');
  writer.element(0x00081090, 'LO', 'Model One');
  writer.sequence(0x00081140, [
    () => {
      writer.element(0x00081150, 'UI', sopClassUid);
      writer.element(0x00081155, 'UI', FRAME_OF_REFERENCE_UID);
    },
  ]);
}

function writePatient(writer: ElementWriter): void {
  writer.element(0x00100010, 'PN', slot('patientName'));
  writer.element(0x00100020, 'LO', slot('patientId'));
  writer.element(0x00100021, 'LO', 'EXAMPLE');
  writer.element(0x00100030, 'DA', slot('patientBirthDate'));
  writer.element(0x00100040, 'CS', slot('patientSex'));
  writer.element(0x00101010, 'AS', '056Y');
  writer.element(0x00101020, 'DS', '1.72');
  writer.element(0x00101030, 'DS', '71.5');
  writer.element(0x001021b0, 'LT', 'Generated for load measurement; describes nobody.');
}

function writeAcquisition(writer: ElementWriter): void {
  const values: readonly (readonly [number, string, string])[] = [
    [0x00180010, 'LO', 'Iohexol 300'],
    [0x00180015, 'CS', 'CHEST'],
    [0x00180022, 'CS', 'HELICAL MODE'],
    [0x00180050, 'DS', '5.000000'],
    [0x00180060, 'DS', '120'],
    [0x00180090, 'DS', '500.000000'],
    [0x00181000, 'LO', '000000123456'],
    [0x00181020, 'LO', '12.1.0'],
    [0x00181030, 'LO', '5.3 Chest routine'],
    [0x00181040, 'LO', 'IV'],
    [0x00181100, 'DS', '360.000000'],
    [0x00181110, 'DS', '949.075000'],
    [0x00181111, 'DS', '541.000000'],
    [0x00181120, 'DS', '0.000000'],
    [0x00181130, 'DS', '162.000000'],
    [0x00181140, 'CS', 'CW'],
    [0x00181150, 'IS', '570'],
    [0x00181151, 'IS', '375'],
    [0x00181152, 'IS', '21'],
    [0x00181160, 'SH', 'BODY FILTER'],
    [0x00181170, 'IS', '45000'],
    [0x00181190, 'DS', '1.200000'],
    [0x00181210, 'SH', 'STANDARD'],
    [0x00185100, 'CS', 'FFS'],
    [0x00189305, 'FD', ''],
  ];
  for (const [tag, vr, value] of values) writer.element(tag, vr, value);
}

function writeRelationship(writer: ElementWriter): void {
  writer.element(0x0020000d, 'UI', slot('studyInstanceUid'));
  writer.element(0x0020000e, 'UI', slot('seriesInstanceUid'));
  writer.element(0x00200010, 'SH', slot('studyId'));
  writer.element(0x00200011, 'IS', slot('seriesNumber'));
  writer.element(0x00200012, 'IS', '1');
  writer.element(0x00200013, 'IS', slot('instanceNumber'));
  writer.element(0x00200032, 'DS', slot('imagePosition'));
  writer.element(0x00200037, 'DS', '1.000000\\0.000000\\0.000000\\0.000000\\1.000000\\0.000000');
  writer.element(0x00200052, 'UI', FRAME_OF_REFERENCE_UID);
  writer.element(0x00200060, 'CS', '');
  writer.element(0x00201040, 'LO', 'SN');
  writer.element(0x00201041, 'DS', slot('sliceLocation'));
}

function writeImage(writer: ElementWriter, shape: ImageShape): void {
  writer.element(0x00280002, 'US', [1]);
  writer.element(0x00280004, 'CS', 'MONOCHROME2');
  if (shape.frameCount > 1) writer.element(0x00280008, 'IS', String(shape.frameCount));
  writer.element(0x00280010, 'US', [shape.rows]);
  writer.element(0x00280011, 'US', [shape.columns]);
  writer.element(0x00280030, 'DS', '0.703125\\0.703125');
  writer.element(0x00280100, 'US', [16]);
  writer.element(0x00280101, 'US', [12]);
  writer.element(0x00280102, 'US', [11]);
  writer.element(0x00280103, 'US', [0]);
  writer.element(0x00280301, 'CS', 'NO');
  writer.element(0x00281050, 'DS', '40');
  writer.element(0x00281051, 'DS', '400');
  writer.element(0x00281052, 'DS', '-1024');
  writer.element(0x00281053, 'DS', '1');
  writer.element(0x00281054, 'LO', 'HU');
  writer.element(0x00282110, 'CS', '00');
  writer.element(0x00321032, 'PN', 'Requester^Ruth');
  writer.element(0x00321060, 'LO', 'CT chest with contrast');
  writer.element(0x00380010, 'LO', 'ADM0001');
  writer.element(0x00400244, 'DA', slot('studyDate'));
  writer.element(0x00400245, 'TM', slot('studyTime'));
  writer.element(0x00400253, 'SH', 'PPS1');
  writer.element(0x00400254, 'LO', 'CT chest');
  writer.sequence(0x00400275, [
    () => {
      writer.element(0x00400007, 'LO', 'CT chest with contrast');
      writer.sequence(0x00400008, [() => writeCode(writer, 'CHEST_C', '99EXAMPLE', 'CT chest')]);
      writer.element(0x00400009, 'SH', 'SPS1');
      writer.element(0x00401001, 'SH', 'RP1');
    },
  ]);
}

function writeCode(writer: ElementWriter, value: string, scheme: string, meaning: string): void {
  writer.element(0x00080100, 'SH', value);
  writer.element(0x00080102, 'SH', scheme);
  writer.element(0x00080104, 'LO', meaning);
}
