import type { QueryLevel } from '#engine/dicom/indexed-attributes.js';

/**
 * What QIDO-RS and C-FIND ask, in one form. Frozen, validated, free of protocol: names are tags, values are texts of the
 * attribute's VR. parse-query-value.ts makes the conditions; matching.ts says what they mean (PS3.4 §C.2.2.2).
 */
export interface QueryExpression {
  readonly partition: number;
  readonly level: QueryLevel;
  /** Set by the path of a hierarchical search; matched exactly. */
  readonly studyInstanceUid?: string;
  readonly seriesInstanceUid?: string;
  readonly conditions: readonly QueryCondition[];
  /**
   * Rows stand for patients, PatientID with its issuer: of the studies that match, the first of each in the order of the level,
   * which is `study`. The rows themselves are in the order of their patients.
   */
  readonly isByPatient?: true;
  /** The order asked for, before that of match-order.ts. */
  readonly orderBy?: readonly OrderTerm[];
  /** Only rows behind this position of the order. */
  readonly after?: QueryPosition;
  /** The page tells the number of all matches, whatever `limit`, `offset` and `after`. */
  readonly wantsTotal?: true;
  /** Rows to return at most, and to skip in the stable order of the level. */
  readonly limit: number;
  readonly offset: number;
}

/** One attribute to order by; rows without a value come last either way. */
export interface OrderTerm {
  readonly attribute: AttributeReference;
  readonly isDescending: boolean;
}

/** Where a row stands: what it has of each key of the order, null for no value. Unlike an offset it stays when rows come and go. */
export type QueryPosition = readonly (string | number | null)[];

/** The attribute a condition looks at: tag of an indexed or computed attribute, and for a sequence the member's tag. */
export interface AttributeReference {
  readonly tag: string;
  readonly memberTag?: string;
}

export type QueryCondition =
  /** Single value matching; for PN and other text see `matching.ts` for folding. */
  | {
      readonly kind: 'equals';
      readonly attribute: AttributeReference;
      readonly value: string;
      readonly ignoresCase?: true;
    }
  /** `*` and `?`, PS3.4 §C.2.2.2.4. */
  | {
      readonly kind: 'wildcard';
      readonly attribute: AttributeReference;
      readonly pattern: string;
      readonly ignoresCase?: true;
    }
  /** List of UID (or multi-valued CS such as ModalitiesInStudy) matching. */
  | {
      readonly kind: 'one-of';
      readonly attribute: AttributeReference;
      readonly values: readonly string[];
    }
  /** Every value is among the values of the attribute, PS3.4 §C.2.2.2.8. */
  | {
      readonly kind: 'all-of';
      readonly attribute: AttributeReference;
      readonly values: readonly string[];
      readonly ignoresCase?: true;
    }
  /** The attribute is absent or has no value, PS3.4 §C.2.2.2.7. */
  | { readonly kind: 'empty'; readonly attribute: AttributeReference }
  /** DA, TM, DT, bounds inclusive, either may be missing. */
  | {
      readonly kind: 'range';
      readonly attribute: AttributeReference;
      readonly from?: string;
      readonly to?: string;
    }
  | MomentRange
  /** Each word a prefix of some word of the name, or, if asked for, pronounced like one (fuzzymatching=true). */
  | {
      readonly kind: 'fuzzy-name';
      readonly attribute: AttributeReference;
      readonly words: readonly string[];
      readonly isPhonetic?: true;
    };

/** A date and a time that name a moment together, PS3.4 §C.2.2.2.5; bounds inclusive and as date-time-pairs.ts writes them. */
export interface MomentRange {
  readonly kind: 'moment-range';
  readonly attribute: AttributeReference;
  readonly timeAttribute: AttributeReference;
  readonly from?: string;
  readonly to?: string;
}

/** UIDs of one match, as deep as the level. Rows are then read from the catalogue. */
export interface QueryKey {
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid?: string;
  readonly sopInstanceUid?: string;
}

/** One page of matches. `isCut` says that more rows match than `offset + limit`. */
export interface QueryPage {
  readonly keys: readonly QueryKey[];
  readonly isCut: boolean;
  /** Position of the last key of a page that is cut. */
  readonly last?: QueryPosition;
  /** Number of all matches, when the query wanted it. */
  readonly total?: number;
}
