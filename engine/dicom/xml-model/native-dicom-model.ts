import { keywordOfTag } from '#engine/dicom/dictionary/dictionary.js';
import { JsonCursor } from '#engine/dicom/json-model/json-cursor.js';
import { escapeXml, escapeXmlAttribute } from './escape-xml.js';

const head =
  '<?xml version="1.0" encoding="UTF-8"?>\n' +
  '<NativeDicomModel xmlns="http://dicom.nema.org/PS3.19/models/NativeDICOM" xml:space="preserve">';

const nameComponents = ['FamilyName', 'GivenName', 'MiddleName', 'NamePrefix', 'NameSuffix'];

/**
 * The Native DICOM Model (PS3.19 §A.1) of one DICOM JSON object, as PS3.18 §8.7.3.5 sends it: an XML document in pieces, an
 * attribute each. `json` is UTF-8 and ours: compact, and `vr` comes first in each element. Values keep their order and their
 * numbers; an empty one is an empty element.
 */
export function* nativeDicomModel(json: Uint8Array): Generator<string> {
  yield head;
  yield* attributes(new JsonCursor(json));
  yield '</NativeDicomModel>';
}

/** The attributes of the object at the cursor. */
function* attributes(json: JsonCursor): Generator<string> {
  const creators = new PrivateCreators();
  json.expect('{');
  while (!json.take('}')) {
    const tag = json.string();
    json.expect(':{"vr":');
    const vr = json.string();
    yield `<DicomAttribute tag="${tag}" vr="${escapeXmlAttribute(vr)}"${nameOf(tag, creators)}>`;
    if (vr === 'SQ') yield* items(json);
    else yield content(json, (value) => creators.note(tag, value));
    json.expect('}');
    yield '</DicomAttribute>';
    json.take(',');
  }
}

/** The items of a sequence, up to the end of its element. */
function* items(json: JsonCursor): Generator<string> {
  if (!json.take(',"Value":[')) return;
  for (let number = 1; !json.take(']'); number++) {
    yield `<Item number="${number}">`;
    yield* attributes(json);
    yield '</Item>';
    json.take(',');
  }
}

/** The value of an element that is no sequence. */
function content(json: JsonCursor, onText: (value: string) => void): string {
  if (json.take(',"InlineBinary":')) return `<InlineBinary>${json.string()}</InlineBinary>`;
  if (json.take(',"BulkDataURI":')) return `<BulkData uri="${escapeXmlAttribute(json.string())}"/>`;
  if (!json.take(',"Value":[')) return '';
  let xml = '';
  for (let number = 1; !json.take(']'); number++) {
    if (json.isAt('{')) xml += personName(json, number);
    else if (json.isAt('"')) {
      const text = json.string();
      if (number === 1) onText(text);
      xml += `<Value number="${number}">${escapeXml(text)}</Value>`;
    } else {
      const text = json.scalar();
      xml += `<Value number="${number}">${text === 'null' ? '' : text}</Value>`;
    }
    json.take(',');
  }
  return xml;
}

function personName(json: JsonCursor, number: number): string {
  let xml = `<PersonName number="${number}">`;
  json.expect('{');
  while (!json.take('}')) {
    const group = json.string();
    json.expect(':');
    xml += `<${group}>${componentsOf(json.string())}</${group}>`;
    json.take(',');
  }
  return `${xml}</PersonName>`;
}

/** Names of more than five components are not DICOM's (PS3.5 §6.2.1); what is too much stays with the fifth. */
function componentsOf(group: string): string {
  const parts = group.split('^');
  const last = nameComponents.length - 1;
  const components = [...parts.slice(0, last), parts.slice(last).join('^')];
  return components
    .map((text, index) => {
      const name = nameComponents[index];
      return text === '' ? '' : `<${name}>${escapeXml(text)}</${name}>`;
    })
    .join('');
}

/** Keyword of a standard attribute, creator of a private one. */
function nameOf(tag: string, creators: PrivateCreators): string {
  const creator = creators.find(tag);
  if (creator !== undefined) return ` privateCreator="${escapeXmlAttribute(creator)}"`;
  const keyword = keywordOfTag(Number.parseInt(tag, 16));
  return keyword === undefined ? '' : ` keyword="${keyword}"`;
}

/** The private blocks of one data set (PS3.5 §7.8.1). */
class PrivateCreators {
  readonly #creators = new Map<string, string>();

  note(tag: string, value: string): void {
    if (isOddGroup(tag) && tag.slice(4, 6) === '00') {
      this.#creators.set(tag.slice(0, 4) + tag.slice(6), value);
    }
  }

  find(tag: string): string | undefined {
    return isOddGroup(tag) ? this.#creators.get(tag.slice(0, 6)) : undefined;
  }
}

function isOddGroup(tag: string): boolean {
  return (Number.parseInt(tag.slice(3, 4), 16) & 1) === 1;
}
