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
  hasXml: {
    standard: true,
    azure: false,
    doc: 'whether metadata and search results are served as application/dicom+xml too, or as JSON alone',
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
