import { buildPart10, sampleIdentifiers } from './dicom-builder.js';

export interface BuiltInstance {
  readonly part10: Buffer;
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly sopInstanceUid: string;
  readonly patientId: string;
}

const rows = 128;
const columns = 128;

/**
 * A small CT image. Instances of one seed form one series of one study; the pixels tell one from another. `seed` is made of
 * digits and dots.
 */
export function buildCtInstance(seed: string, number: number): BuiltInstance {
  const studyInstanceUid = `1.2.826.0.1.${seed}.1`;
  const seriesInstanceUid = `1.2.826.0.1.${seed}.2`;
  const sopInstanceUid = `1.2.826.0.1.${seed}.3.${number}`;
  const patientId = `PATIENT-${seed}`;
  const pixels = Buffer.alloc(rows * columns * 2);
  for (let index = 0; index < pixels.length; index += 2) {
    pixels.writeUInt16LE((index * 31 + number * 257) & 0x0fff, index);
  }
  const part10 = buildPart10({
    elements: {
      ...sampleIdentifiers({
        study: studyInstanceUid,
        series: seriesInstanceUid,
        instance: sopInstanceUid,
      }),
      PatientName: `Kill^Test${seed}`,
      PatientID: patientId,
      StudyDate: '20240131',
      StudyTime: '101500',
      AccessionNumber: `ACC${seed}`,
      Modality: 'CT',
      SeriesNumber: 1,
      InstanceNumber: number,
      Rows: rows,
      Columns: columns,
      SamplesPerPixel: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      BitsAllocated: 16,
      BitsStored: 12,
      HighBit: 11,
      PixelRepresentation: 0,
    },
    pixelData: pixels,
  });
  return {
    part10: Buffer.from(part10),
    studyInstanceUid,
    seriesInstanceUid,
    sopInstanceUid,
    patientId,
  };
}
