import { buildPart10, sampleIdentifiers, type Elements } from './dicom-builder.js';

const root = '1.2.826.0.1.5';

/** UIDs of the studies of `searchFiles`. */
export const fixtureUids = {
  meyer: `${root}.1`,
  yamada: `${root}.2`,
  meyerAgain: `${root}.3`,
  unnamed: `${root}.4`,
} as const;

interface SeriesDescription {
  readonly number: number;
  readonly elements: Elements;
  readonly instanceCount: number;
}

function studyFiles(
  study: string,
  elements: Elements,
  series: readonly SeriesDescription[],
): Uint8Array[] {
  return series.flatMap(({ number, elements: ofSeries, instanceCount }) =>
    Array.from({ length: instanceCount }, (_, n) =>
      buildPart10({
        elements: {
          SpecificCharacterSet: 'ISO_IR 192',
          ...sampleIdentifiers({
            study,
            series: `${study}.${number}`,
            instance: `${study}.${number}.${n + 1}`,
          }),
          ...elements,
          SeriesNumber: number,
          InstanceNumber: n + 1,
          ...ofSeries,
        },
      }),
    ),
  );
}

/**
 * Four studies of three patients, six series and eight instances; between them every kind of key is told apart: names with
 * accents and in several scripts, dates and times at the borders of ranges, lists, sequences, and values that are missing.
 */
export function searchFiles(): Uint8Array[] {
  return [
    ...studyFiles(
      fixtureUids.meyer,
      {
        PatientName: 'Meyér^Jürgen=迈尔^于尔根',
        PatientID: 'P1',
        IssuerOfPatientID: 'HOSPITAL',
        PatientBirthDate: '19700102',
        PatientSex: 'M',
        AccessionNumber: 'A100',
        ReferringPhysicianName: 'Doe^Jane Alice',
        StudyDate: '20240101',
        StudyTime: '220000',
        StudyID: 'S1',
        StudyDescription: 'CT of the Head',
        ProcedureCodeSequence: [
          { CodeValue: 'PROC1', CodingSchemeDesignator: '99TEST', CodeMeaning: 'Head' },
          { CodeValue: 'PROC2', CodingSchemeDesignator: '99TEST' },
        ],
      },
      [
        {
          number: 1,
          instanceCount: 2,
          elements: {
            Modality: 'CT',
            SeriesDescription: 'axial',
            ManufacturerModelName: 'Device A',
            PerformedProcedureStepStartDate: '20240101',
            RequestAttributesSequence: [
              { ScheduledProcedureStepID: 'SPS1', RequestedProcedureID: 'RP1' },
            ],
          },
        },
        { number: 2, instanceCount: 1, elements: { Modality: 'SEG', RequestedProcedureID: 'RP2' } },
      ],
    ),
    ...studyFiles(
      fixtureUids.yamada,
      {
        PatientName: 'Yamada^Tarou=山田^太郎=やまだ^たろう',
        PatientID: 'P2',
        PatientBirthDate: '19800228',
        AccessionNumber: 'B200',
        ReferringPhysicianName: 'Roe^Richard',
        StudyDate: '20240102',
        StudyTime: '120000',
        StudyDescription: 'MR',
      },
      [
        {
          number: 1,
          instanceCount: 1,
          elements: { Modality: 'MR', SeriesDescription: 'sagittal' },
        },
        { number: 2, instanceCount: 2, elements: { Modality: 'CT' } },
      ],
    ),
    ...studyFiles(
      fixtureUids.meyerAgain,
      {
        PatientName: 'Meyer^Jürgen',
        PatientID: 'P1',
        IssuerOfPatientID: 'HOSPITAL',
        AccessionNumber: 'a100',
        StudyDate: '20240103',
        StudyTime: '020030.5',
        StudyID: 'S*',
      },
      [{ number: 1, instanceCount: 1, elements: { Modality: 'SM' } }],
    ),
    ...studyFiles(
      fixtureUids.unnamed,
      { PatientName: '', PatientID: 'P3', AccessionNumber: '', StudyDate: '', StudyTime: '' },
      [{ number: 1, instanceCount: 1, elements: { Modality: 'OT' } }],
    ),
  ];
}
