import { foldText } from './fold-text.js';

/**
 * A text value as it is compared: without the padding of PS3.5 §6.2 and without control characters. Case is kept. Line ends of LT,
 * ST and UT stay; U+001F, which the index puts between the values of one cell, does not.
 */
export function toSearchText(text: string): string {
  let result = '';
  let keptFrom = 0;
  for (let i = 0; i < text.length; i++) {
    if (!isControlCharacter(text.charCodeAt(i))) continue;
    result += text.slice(keptFrom, i);
    keptFrom = i + 1;
  }
  return (result + text.slice(keptFrom)).trim();
}

/** TAB, LF, FF and CR are text. */
function isControlCharacter(code: number): boolean {
  return code < 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0c && code !== 0x0d;
}

/**
 * One component group of a PN value as it is compared: folded, components trimmed, empty ones at the end dropped
 * (PS3.5 §6.2.1: trailing delimiters may be left out).
 */
export function toSearchName(group: string): string {
  const components = toSearchText(group)
    .split('^')
    .map((component) => foldText(component).trim());
  while (components.length > 0 && components[components.length - 1] === '') components.pop();
  return components.join('^');
}

/** The words of a name in search form, in any order and component. */
export function wordsOfName(name: string): string[] {
  return name.split(/[ ^]/).filter((word) => word !== '');
}

/**
 * Lower case, character by character and without regard to context, as DuckDB's `lower` does: the two sides of a search must
 * agree.
 */
export function toLowerCharacters(text: string): string {
  let result = '';
  for (const character of text) {
    // The only character whose lower case is two; its simple mapping is the first of them.
    result += character === '\u0130' ? 'i' : character.toLowerCase();
  }
  return result;
}
