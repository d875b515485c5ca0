const marks = /\p{M}+/gu;

/** `text` without differences of case, accent and width, so that equal results mean "the same name" to a reader. */
export function foldText(text: string): string {
  return text.normalize('NFKD').replace(marks, '').toLowerCase().normalize('NFC');
}
