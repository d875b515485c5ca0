import type {
  JsonElement,
  JsonPersonName,
  JsonValue,
} from '#engine/dicom/json-model/json-model-types.js';

/** What an attribute says of itself beside its value. */
export interface ReadElement extends JsonElement {
  keyword?: string;
  privateCreator?: string;
}

interface XmlNode {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: XmlNode[];
  text: string;
}

const token = /<\?xml [^>]*\?>|<(\/?)([A-Za-z]+)((?: [A-Za-z:]+="[^"<]*")*)(\/?)>|([^<]+)/y;

/**
 * Reads the Native DICOM Model of PS3.19 §A.1 back into the JSON model; values are strings, as XML has them. Strict: what is not
 * well-formed throws.
 */
export function readNativeModel(xml: string): Record<string, ReadElement> {
  return dataSetOf(parseXml(xml));
}

function parseXml(xml: string): XmlNode {
  const root: XmlNode = { name: '', attributes: {}, children: [], text: '' };
  const open = [root];
  token.lastIndex = 0;
  while (token.lastIndex < xml.length) {
    const at = token.lastIndex;
    const match = token.exec(xml);
    if (match === null) throw new Error(`not well-formed at ${xml.slice(at, at + 60)}`);
    const [, slash, name, attributes = '', selfClosing, text] = match;
    const parent = open.at(-1)!;
    if (text !== undefined) parent.text += unescape(text);
    else if (slash === '/') {
      if (open.pop()!.name !== name) throw new Error(`unexpected end of ${name}`);
    } else if (name !== undefined) {
      const node: XmlNode = { name, attributes: attributesOf(attributes), children: [], text: '' };
      parent.children.push(node);
      if (selfClosing !== '/') open.push(node);
    }
  }
  if (open.length !== 1) throw new Error('the document has no end');
  const [model] = root.children;
  if (root.children.length !== 1 || model?.name !== 'NativeDicomModel') {
    throw new Error('not one NativeDicomModel');
  }
  return model;
}

function attributesOf(text: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [, name, value] of text.matchAll(/ ([A-Za-z:]+)="([^"]*)"/g)) {
    attributes[name!] = unescape(value!);
  }
  return attributes;
}

function unescape(text: string): string {
  for (const character of text) {
    if (character < ' ' && !'\t\n\r'.includes(character)) throw new Error('a control character');
  }
  if (/&(?!(?:amp|lt|gt|quot|#\d+);)/.test(text)) throw new Error(`a bare ampersand in ${text}`);
  return text
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
}

function dataSetOf(node: XmlNode): Record<string, ReadElement> {
  const dataSet: Record<string, ReadElement> = {};
  for (const { name, attributes, children } of node.children) {
    if (name !== 'DicomAttribute') throw new Error(`unexpected ${name}`);
    const { tag, vr, keyword, privateCreator } = attributes;
    const element: ReadElement = {
      vr: vr!,
      ...(keyword === undefined ? {} : { keyword }),
      ...(privateCreator === undefined ? {} : { privateCreator }),
    };
    for (const [index, child] of children.entries()) readValue(element, child, index);
    dataSet[tag!] = element;
  }
  return dataSet;
}

function readValue(element: ReadElement, child: XmlNode, index: number): void {
  if (child.name === 'InlineBinary') element.InlineBinary = child.text;
  else if (child.name === 'BulkData') element.BulkDataURI = child.attributes['uri']!;
  else {
    if (child.attributes['number'] !== String(index + 1)) throw new Error('numbers do not ascend');
    (element.Value ??= []).push(valueOf(child));
  }
}

function valueOf(child: XmlNode): JsonValue {
  if (child.name === 'Item') return dataSetOf(child);
  if (child.name === 'Value') return child.text === '' ? null : child.text;
  const name: JsonPersonName = {};
  for (const group of child.children) {
    const parts = ['FamilyName', 'GivenName', 'MiddleName', 'NamePrefix', 'NameSuffix'].map(
      (component) => group.children.find((one) => one.name === component)?.text ?? '',
    );
    name[group.name as keyof JsonPersonName] = parts.join('^').replace(/\^+$/, '');
  }
  return child.children.length === 0 ? null : name;
}
