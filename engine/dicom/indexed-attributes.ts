/**
 * The attributes that are kept in records and can be searched: the union of PS3.18 Tables 10.6.1-3 to -5, the tables 9–11 of
 * common vendor statements and the Azure dialect. Records, DuckDB columns and query parameters all derive from this table.
 */
export type QueryLevel = 'study' | 'series' | 'instance';

export interface IndexedAttribute {
  /** Eight upper-case hexadecimal digits. */
  readonly tag: string;
  readonly keyword: string;
  readonly vr: string;
  readonly level: QueryLevel;
  /** Returned without being asked for (PS3.18 Tables 10.6.3-3 to -5). */
  readonly isDefault: boolean;
  /** A sequence: kept whole in the record; `searchPaths` are its searchable members. */
  readonly searchPaths?: readonly string[];
}

const row = (
  level: QueryLevel,
  tag: string,
  keyword: string,
  vr: string,
  isDefault: boolean,
  searchPaths?: readonly string[],
): IndexedAttribute =>
  Object.freeze(
    searchPaths === undefined
      ? { level, tag, keyword, vr, isDefault }
      : { level, tag, keyword, vr, isDefault, searchPaths },
  );

/** Code Value, Coding Scheme Designator, Code Meaning (PS3.3 Table 8.8-1). */
const codeMembers = ['00080100', '00080102', '00080104'];

export const indexedAttributes: readonly IndexedAttribute[] = Object.freeze([
  row('study', '00080005', 'SpecificCharacterSet', 'CS', true),
  row('study', '00080020', 'StudyDate', 'DA', true),
  row('study', '00080030', 'StudyTime', 'TM', true),
  row('study', '00080050', 'AccessionNumber', 'SH', true),
  row('study', '00080063', 'AnatomicRegionsInStudyCodeSequence', 'SQ', false, codeMembers),
  row('study', '00080090', 'ReferringPhysicianName', 'PN', true),
  row('study', '00080201', 'TimezoneOffsetFromUTC', 'SH', true),
  row('study', '00081030', 'StudyDescription', 'LO', true),
  row('study', '00081032', 'ProcedureCodeSequence', 'SQ', false, codeMembers),
  row('study', '00081060', 'NameOfPhysiciansReadingStudy', 'PN', false),
  row('study', '00081080', 'AdmittingDiagnosesDescription', 'LO', false),
  row('study', '00081110', 'ReferencedStudySequence', 'SQ', false, ['00081155']),
  row('study', '00100010', 'PatientName', 'PN', true),
  row('study', '00100020', 'PatientID', 'LO', true),
  row('study', '00100021', 'IssuerOfPatientID', 'LO', false),
  row('study', '00100030', 'PatientBirthDate', 'DA', true),
  row('study', '00100032', 'PatientBirthTime', 'TM', false),
  row('study', '00100040', 'PatientSex', 'CS', true),
  row('study', '00101010', 'PatientAge', 'AS', false),
  row('study', '00101020', 'PatientSize', 'DS', false),
  row('study', '00101030', 'PatientWeight', 'DS', false),
  row('study', '00102180', 'Occupation', 'SH', false),
  row('study', '001021B0', 'AdditionalPatientHistory', 'LT', false),
  row('study', '0020000D', 'StudyInstanceUID', 'UI', true),
  row('study', '00200010', 'StudyID', 'SH', true),
  row('series', '00080021', 'SeriesDate', 'DA', false),
  row('series', '00080031', 'SeriesTime', 'TM', false),
  row('series', '00080060', 'Modality', 'CS', true),
  row('series', '00080070', 'Manufacturer', 'LO', false),
  row('series', '0008103E', 'SeriesDescription', 'LO', true),
  row('series', '00081090', 'ManufacturerModelName', 'LO', false),
  row('series', '00180015', 'BodyPartExamined', 'CS', false),
  row('series', '00181030', 'ProtocolName', 'LO', false),
  row('series', '0020000E', 'SeriesInstanceUID', 'UI', true),
  row('series', '00200011', 'SeriesNumber', 'IS', true),
  row('series', '00200052', 'FrameOfReferenceUID', 'UI', false),
  row('series', '00200060', 'Laterality', 'CS', false),
  row('series', '00400244', 'PerformedProcedureStepStartDate', 'DA', true),
  row('series', '00400245', 'PerformedProcedureStepStartTime', 'TM', true),
  row('series', '00400275', 'RequestAttributesSequence', 'SQ', true, [
    '00400009',
    '00401001',
    '00080050',
  ]),
  row('series', '00401001', 'RequestedProcedureID', 'SH', false),
  row('instance', '00080008', 'ImageType', 'CS', false),
  row('instance', '00080016', 'SOPClassUID', 'UI', true),
  row('instance', '00080018', 'SOPInstanceUID', 'UI', true),
  row('instance', '00080022', 'AcquisitionDate', 'DA', false),
  row('instance', '00080023', 'ContentDate', 'DA', false),
  row('instance', '0008002A', 'AcquisitionDateTime', 'DT', false),
  row('instance', '00080033', 'ContentTime', 'TM', false),
  row('instance', '00200012', 'AcquisitionNumber', 'IS', false),
  row('instance', '00200013', 'InstanceNumber', 'IS', true),
  row('instance', '00280008', 'NumberOfFrames', 'IS', true),
  row('instance', '00280010', 'Rows', 'US', true),
  row('instance', '00280011', 'Columns', 'US', true),
  row('instance', '00280100', 'BitsAllocated', 'US', true),
]);

/** Attributes that the store computes from its records (PS3.18 Table 10.6.3-3 ff.), answered at the level given. */
export const computedAttributes = Object.freeze([
  row('study', '00080056', 'InstanceAvailability', 'CS', true),
  row('study', '00080061', 'ModalitiesInStudy', 'CS', true),
  row('study', '00080062', 'SOPClassesInStudy', 'UI', false),
  row('study', '00081190', 'RetrieveURL', 'UR', true),
  row('study', '00201206', 'NumberOfStudyRelatedSeries', 'IS', true),
  row('study', '00201208', 'NumberOfStudyRelatedInstances', 'IS', true),
  row('series', '00081190', 'RetrieveURL', 'UR', true),
  row('series', '00201209', 'NumberOfSeriesRelatedInstances', 'IS', true),
  row('instance', '00080056', 'InstanceAvailability', 'CS', true),
  row('instance', '00081190', 'RetrieveURL', 'UR', true),
  row('instance', '00083002', 'AvailableTransferSyntaxUID', 'UI', true),
]);
