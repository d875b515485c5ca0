/** One component group of a name, PS3.5 §6.2.1.1; a missing component is ''. */
export interface PersonNameGroup {
  readonly familyName: string;
  readonly givenName: string;
  readonly middleName: string;
  readonly namePrefix: string;
  readonly nameSuffix: string;
}

/** A PN value; a group without any character is undefined. */
export interface PersonName {
  readonly alphabetic: PersonNameGroup | undefined;
  readonly ideographic: PersonNameGroup | undefined;
  readonly phonetic: PersonNameGroup | undefined;
}

/**
 * Reads one PN value (decoded text, without `\`). Spaces around components are removed; groups after the third and components
 * after the fifth are ignored. Any text is accepted.
 */
export function parsePersonName(text: string): PersonName {
  const [alphabetic = '', ideographic = '', phonetic = ''] = text.split('=', 3);
  return {
    alphabetic: parseGroup(alphabetic),
    ideographic: parseGroup(ideographic),
    phonetic: parseGroup(phonetic),
  };
}

function parseGroup(text: string): PersonNameGroup | undefined {
  const components = text.split('^', 5).map((component) => component.trim());
  if (components.every((component) => component === '')) return undefined;
  const [familyName = '', givenName = '', middleName = '', namePrefix = '', nameSuffix = ''] =
    components;
  return { familyName, givenName, middleName, namePrefix, nameSuffix };
}
