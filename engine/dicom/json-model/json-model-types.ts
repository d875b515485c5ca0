/** The DICOM JSON model, PS3.18 Annex F. Tags are eight upper-case hexadecimal digits. */
export interface JsonPersonName {
  Alphabetic?: string;
  Ideographic?: string;
  Phonetic?: string;
}

export type JsonValue = string | number | null | JsonPersonName | JsonDataSet;

export interface JsonElement {
  vr: string;
  Value?: JsonValue[];
  InlineBinary?: string;
  BulkDataURI?: string;
}

export interface JsonDataSet {
  [tag: string]: JsonElement;
}
