import { doubleMetaphone } from 'double-metaphone';

/** A code of one letter is shared by too many short words to say that two sound alike. */
const codeLengthMin = 2;

/**
 * How a folded word is pronounced, by Double Metaphone: up to two codes, none for what is no word in Latin letters. Words that
 * share a code sound alike.
 */
export function phoneticCodes(word: string): string[] {
  const codes = new Set<string>(doubleMetaphone(word));
  return [...codes].filter((code) => code.length >= codeLengthMin);
}
