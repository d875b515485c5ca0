/**
 * Where the two dialects of the Studies Service differ, and nowhere else: one row a difference. `standard` is PS3.18, at
 * `/dicom-web`; `azure` is what clients of the Azure DICOM service (v2) expect, at `/v2`. The table in docs/CONFORMANCE.md follows
 * from this one.
 */
export const dialectDifferences = {
  errorBody: {
    standard: 'problem',
    azure: 'text',
    doc: 'body of an error: problem details (RFC 9457), or its message as plain text',
  },
  storeAccept: {
    standard: '*/*',
    azure: 'application/dicom+json',
    doc: 'Accept of a Store; anything else is 406',
  },
  storeTakesForms: {
    standard: true,
    azure: false,
    doc: 'whether a Store takes the files of a form (`multipart/form-data`); 415 otherwise',
  },
  storeWithoutParts: {
    standard: 400,
    azure: 204,
    doc: 'status of a Store whose multipart has no parts',
  },
  storeNothing: {
    standard: 'by cause',
    azure: 409,
    doc: 'status of a Store in which all instances fail; by cause: 400 when none can be read, 409 when they conflict, 413, 415',
  },
  storeKnown: {
    standard: 'success',
    azure: 'failure',
    doc: 'an instance that is stored already with the same content, sent again by POST; a failure has reason 45070',
  },
  storeRetrieveUrl: {
    standard: 'always',
    azure: 'study in URL',
    doc: 'when the response of a Store has the RetrieveURL of its study',
  },
  storeWarningReason: {
    standard: 45063,
    azure: 1,
    doc: 'WarningReason of an instance with values that are not as they should be',
  },
  storeImplicitVr: {
    standard: 'no warning',
    azure: 'warning 45063',
    doc: 'an instance in implicit VR',
  },
  storeCommentPrefix: {
    standard: '',
    azure: 'DICOM100: ',
    doc: 'what ErrorComments of FailedAttributesSequence begin with',
  },
  storeFailedAttributes: {
    standard: 'where some failed',
    azure: 'always',
    doc: 'FailedAttributesSequence in items of ReferencedSOPSequence',
  },
  storeUnreadableReason: {
    standard: 0xc000,
    azure: 0x0110,
    doc: 'FailureReason of a part that is no DICOM instance',
  },
  storeRequiresPatientId: {
    standard: false,
    azure: true,
    doc: 'whether an instance must have PatientID, if only an empty one, and a valid one',
  },
  storeOmits: {
    standard: 'unreadable',
    azure: 'nonconformant',
    doc: 'values that metadata and index do without: those that do not say what their VR stands for, or all that break a rule of PS3.5 §6.2',
  },
  storeKeepsImplicitPrivate: {
    standard: true,
    azure: false,
    doc: 'whether metadata has private attributes of instances in implicit VR',
  },
  hasXml: {
    standard: true,
    azure: false,
    doc: 'whether metadata and search results are served as application/dicom+xml too, or as JSON alone',
  },
  keepsLossy: {
    standard: true,
    azure: false,
    doc: 'whether a client that names no transfer syntax gets instances as stored that exist with loss only or cannot be decoded; otherwise all in Explicit VR Little Endian, or 406',
  },
  transcodesSeveral: {
    standard: true,
    azure: false,
    doc: 'whether a study or series of several instances is served in other transfer syntaxes than `*`; otherwise 406',
  },
  severalFramesAlone: {
    standard: 'not-acceptable',
    azure: 'bad-request',
    doc: 'error for several frames asked for as one single part',
  },
  metadataHasBinary: {
    standard: true,
    azure: false,
    doc: 'whether metadata has the attributes of OB, OD, OF, OL, OV, OW and UN, inline or by BulkDataURI',
  },
  metadataHasFields: {
    standard: true,
    azure: false,
    doc: 'whether `includefield` and `excludeprivate` choose among the attributes of metadata',
  },
  metadataEtag: {
    standard: 'opaque',
    azure: 'version-count',
    doc: 'entity tag of metadata: opaque, or made of the number of the last change and, of a study or series, that of its instances',
  },
  searchUnknown: {
    standard: 'ignored',
    azure: 'refused',
    doc: 'parameters of a search that are unknown, or cannot be matched there; ignored ones are named in Warning',
  },
  searchRepeated: {
    standard: 'all hold',
    azure: 'refused',
    doc: 'an attribute that is matched twice, also by keyword and by tag',
  },
  searchKeys: {
    standard: 'all',
    azure: 'of Azure',
    doc: 'attributes that can be matched: all that the index has of the level and those above, or those of the Azure service',
  },
  searchEmpty: {
    standard: 'matches everything',
    azure: 'refused',
    doc: 'an attribute without a value in a search',
  },
  searchWildcards: {
    standard: true,
    azure: false,
    doc: 'whether `*` and `?` are wildcards in a search, or characters like others',
  },
  searchIgnoresCase: {
    standard: false,
    azure: true,
    doc: 'whether text other than names matches without regard to case',
  },
  searchReturnSet: {
    standard: 'PS3.18',
    azure: 'Azure',
    doc: 'attributes that rows have unasked, and those that `includefield=all` gives',
  },
  searchLimitDefault: {
    standard: 'index.defaultLimit',
    azure: 100,
    doc: 'rows that a search returns when it does not say',
  },
  searchLimitMax: {
    standard: 'index.resultsMax',
    azure: 200,
    doc: 'rows that a search may ask for; the standard gives fewer, Azure refuses more, and 0',
  },
  deletedStatus: {
    standard: 410,
    azure: 404,
    doc: 'status of a retrieve of what was deleted and can still be brought back; later it is 404 in both',
  },
  renderedMedia: {
    standard: 'any',
    azure: 'one of jpeg and png',
    doc: 'pictures: what can be asked for; a list of several is 406 where only one can be',
  },
  renderedParameters: {
    standard: 'all',
    azure: 'quality',
    doc: 'pictures: the parameters that count, others are ignored',
  },
  renderedQuality: {
    standard: 90,
    azure: 100,
    doc: 'pictures: quality where none is asked for',
  },
  renderedAbsence: {
    standard: 'not-acceptable',
    azure: 'not-found',
    doc: 'pictures: error for an instance that is none and cannot become one',
  },
} as const satisfies Record<string, Difference>;

interface Difference {
  readonly standard: unknown;
  readonly azure: unknown;
  /** What differs, as half a sentence. */
  readonly doc: string;
}

export type DialectName = 'standard' | 'azure';

/** One value for each row of the table. */
export type Dialect = { readonly name: DialectName } & {
  readonly [Key in keyof typeof dialectDifferences]: (typeof dialectDifferences)[Key][DialectName];
};

export const dialects: Readonly<Record<DialectName, Dialect>> = {
  standard: dialectOf('standard'),
  azure: dialectOf('azure'),
};

function dialectOf(name: DialectName): Dialect {
  const rows = Object.entries(dialectDifferences).map(([key, row]) => [key, row[name]]);
  return Object.freeze({ name, ...Object.fromEntries(rows) }) as Dialect;
}
