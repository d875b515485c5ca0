import {
  explicitVrBigEndianUid,
  explicitVrLittleEndianUid,
  implicitVrLittleEndianUid,
} from '#engine/dicom/dictionary/transfer-syntaxes.js';
import type { QueryLevel } from '#engine/dicom/indexed-attributes.js';

/** Values of Query/Retrieve Level (0008,0052), from the top down. */
export type RetrieveLevel = 'PATIENT' | 'STUDY' | 'SERIES' | 'IMAGE';

/** One SOP class of the Query/Retrieve service class, PS3.4 §C.6. */
export interface InformationModel {
  readonly sopClassUid: string;
  readonly name: string;
  readonly service: 'find' | 'move' | 'get';
  /** From its root down. */
  readonly levels: readonly RetrieveLevel[];
}

const patientRoot: readonly RetrieveLevel[] = ['PATIENT', 'STUDY', 'SERIES', 'IMAGE'];
const studyRoot: readonly RetrieveLevel[] = ['STUDY', 'SERIES', 'IMAGE'];
const patientStudyOnly: readonly RetrieveLevel[] = ['PATIENT', 'STUDY'];

function modelsOf(
  number: 1 | 2 | 3,
  name: string,
  levels: readonly RetrieveLevel[],
): InformationModel[] {
  const services = ['find', 'move', 'get'] as const;
  return services.map((service, index) => ({
    sopClassUid: `1.2.840.10008.5.1.4.1.2.${number}.${index + 1}`,
    name: `${name} Query/Retrieve Information Model - ${service.toUpperCase()}`,
    service,
    levels,
  }));
}

/** What is offered; the third is retired and still asked for by old workstations. */
export const informationModels: readonly InformationModel[] = [
  ...modelsOf(1, 'Patient Root', patientRoot),
  ...modelsOf(2, 'Study Root', studyRoot),
  ...modelsOf(3, 'Patient/Study Only', patientStudyOnly),
];

const modelsByUid = new Map(informationModels.map((model) => [model.sopClassUid, model]));

/** The information model of a SOP class; undefined when it is none of ours. */
export function findInformationModel(sopClassUid: string): InformationModel | undefined {
  return modelsByUid.get(sopClassUid);
}

/** Unique key of each level, PS3.4 §C.6.1.1 and §C.6.2.1. */
export const uniqueKeys: Readonly<Record<RetrieveLevel, string>> = {
  PATIENT: '00100020',
  STUDY: '0020000D',
  SERIES: '0020000E',
  IMAGE: '00080018',
};

/** The level of the store's records that matches of a level are made of: the store keeps no records of patients. */
export const recordLevels: Readonly<Record<RetrieveLevel, QueryLevel>> = {
  PATIENT: 'study',
  STUDY: 'study',
  SERIES: 'series',
  IMAGE: 'instance',
};

/** 0 for PATIENT, 3 for IMAGE. */
export function depthOfLevel(level: RetrieveLevel): number {
  return patientRoot.indexOf(level);
}

/** Preference among the transfer syntaxes that identifiers are written in. */
const identifierTransferSyntaxes = [
  explicitVrLittleEndianUid,
  implicitVrLittleEndianUid,
  explicitVrBigEndianUid,
];

/** The transfer syntax to accept for a context of the service class; undefined when none proposed suits. */
export function chooseIdentifierTransferSyntax(proposed: readonly string[]): string | undefined {
  return identifierTransferSyntaxes.find((uid) => proposed.includes(uid));
}
