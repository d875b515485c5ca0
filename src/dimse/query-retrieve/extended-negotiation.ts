import { findInformationModel } from './information-models.js';

/** What an SCU and we agreed on for a SOP class, PS3.4 §C.5. */
export interface NegotiatedOptions {
  /** Unique keys of the levels above may be left out. */
  readonly isRelational: boolean;
  /** Date and time of a pair are one moment in range matching, PS3.4 §C.2.2.2.5.2. C-FIND only. */
  readonly isDateTimeCombined: boolean;
  /** Names match word by word, PS3.18 §8.3.4.2. C-FIND only. */
  readonly isFuzzy: boolean;
}

/** Fields of the application information that we support: one byte each, 1 for support. */
const supportedFields = {
  // Relational queries, combined date-time, fuzzy names; neither timezone adjustment nor enhanced multi-frame conversion.
  find: [1, 1, 1, 0, 0],
  // Relational retrieval; no enhanced multi-frame conversion.
  move: [1, 0],
  get: [1, 0],
};

/**
 * Our answer to the extended negotiation of a SOP class (PS3.4 §C.5.1 to §C.5.3): of the fields proposed those that we support.
 * Undefined for other service classes.
 */
export function answerExtendedNegotiation(
  sopClassUid: string,
  proposed: Uint8Array,
): Uint8Array | undefined {
  const model = findInformationModel(sopClassUid);
  if (model === undefined) return undefined;
  const supported = supportedFields[model.service];
  return Uint8Array.from(supported.slice(0, proposed.length), (isSupported, index) =>
    proposed[index] === 1 ? isSupported : 0,
  );
}

/** The options that our answer, if there was one, put into effect. */
export function negotiatedOptions(answer: Uint8Array | undefined): NegotiatedOptions {
  return {
    isRelational: answer?.[0] === 1,
    isDateTimeCombined: answer?.[1] === 1,
    isFuzzy: answer?.[2] === 1,
  };
}
