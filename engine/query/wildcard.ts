/**
 * Whether `text` as a whole matches `pattern`, where `*` stands for any run of characters and `?` for one character
 * (PS3.4 §C.2.2.2.4). Goes back only to the last `*`, so the time is bounded by the product of the lengths.
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  let patternAt = 0;
  let textAt = 0;
  let starAt = -1;
  let retryAt = 0;
  while (textAt < text.length) {
    const symbol = pattern[patternAt];
    if (symbol === '*') {
      starAt = patternAt++;
      retryAt = textAt;
    } else if (symbol === '?') {
      patternAt++;
      textAt += characterLength(text, textAt);
    } else if (symbol !== undefined && symbol === text[textAt]) {
      patternAt++;
      textAt++;
    } else if (starAt >= 0) {
      retryAt += characterLength(text, retryAt);
      textAt = retryAt;
      patternAt = starAt + 1;
    } else {
      return false;
    }
  }
  while (pattern[patternAt] === '*') patternAt++;
  return patternAt === pattern.length;
}

/** UTF-16 code units of the character at `position`. */
function characterLength(text: string, position: number): number {
  return (text.codePointAt(position) ?? 0) > 0xffff ? 2 : 1;
}

export function hasWildcard(text: string): boolean {
  return text.includes('*') || text.includes('?');
}

/** True for `*`, `**`, …: the pattern that matches everything (PS3.4 §C.2.2.2.3). */
export function isUniversalPattern(text: string): boolean {
  for (const character of text) if (character !== '*') return false;
  return true;
}
