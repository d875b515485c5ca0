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
  /** Rows to return at most, and to skip in the stable order of the level. */
  readonly limit: number;
  readonly offset: number;
}

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
  /** DA, TM, DT, bounds inclusive, either may be missing. */
  | {
      readonly kind: 'range';
      readonly attribute: AttributeReference;
      readonly from?: string;
      readonly to?: string;
    }
  /** Each word a prefix of some component of the name (fuzzymatching=true). */
  | {
      readonly kind: 'fuzzy-name';
      readonly attribute: AttributeReference;
      readonly words: readonly string[];
    };

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
}
