import { SaxesParser, type SaxesTagPlain } from 'saxes';
import { GantryError } from '#engine/base/error-catalogue.js';
import { limits } from '#engine/base/limits.js';
import { tagText } from '#engine/dicom/dictionary/dictionary.js';

/** What an open element collects. */
interface Open {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  text: string;
  /** Of a data set: the model root, or an item. */
  readonly members: Record<string, unknown>;
  /** Of a DicomAttribute: values by their number, from 1. */
  readonly values: unknown[];
  inlineBinary: string | undefined;
  bulkDataUri: string | undefined;
}

const nameGroups = new Set(['Alphabetic', 'Ideographic', 'Phonetic']);
const nameComponents = ['FamilyName', 'GivenName', 'MiddleName', 'NamePrefix', 'NameSuffix'];
const numericVrs = new Set(['FD', 'FL', 'SL', 'SS', 'UL', 'US']);
const valuesMax = 1_000_000;
const elementDepthMax = 4 * limits.sequenceDepthMax;

/**
 * Reads a Native DICOM Model (PS3.19 §A.1) into the shape of the JSON model, unchecked: `checkJsonDataSet` is what comes next.
 * A document type is refused whatever it declares, so that no entity can expand. Throws `malformed`, `limit-exceeded`.
 */
export function readNativeDicomModel(xml: string): unknown {
  const reader = new ModelReader();
  const parser = new SaxesParser();
  parser.on('doctype', () => {
    throw new GantryError('malformed', 'the XML has a document type');
  });
  parser.on('error', () => {
    throw new GantryError('malformed', 'the XML is not well-formed');
  });
  parser.on('opentag', (tag) => reader.open(tag));
  parser.on('text', (text) => reader.text(text));
  parser.on('cdata', (text) => reader.text(text));
  parser.on('closetag', () => reader.close());
  parser.write(xml).close();
  return reader.finish();
}

class ModelReader {
  readonly #stack: Open[] = [];
  #root: Readonly<Record<string, unknown>> | undefined;

  open({ name, attributes }: SaxesTagPlain): void {
    if (this.#stack.length > elementDepthMax) {
      throw new GantryError('limit-exceeded', `XML deeper than ${elementDepthMax} elements`);
    }
    this.#stack.push({
      name: localName(name),
      attributes,
      text: '',
      members: {},
      values: [],
      inlineBinary: undefined,
      bulkDataUri: undefined,
    });
  }

  text(text: string): void {
    const open = this.#stack.at(-1);
    if (open !== undefined) open.text += text;
  }

  close(): void {
    const closed = this.#stack.pop();
    const parent = this.#stack.at(-1);
    if (closed === undefined) return;
    if (parent === undefined) {
      if (closed.name !== 'NativeDicomModel') {
        throw new GantryError('malformed', 'the XML is no Native DICOM Model');
      }
      this.#root = closed.members;
    } else this.#attach(closed, parent);
  }

  finish(): unknown {
    return this.#root;
  }

  #attach(closed: Open, parent: Open): void {
    const { name, text } = closed;
    if (name === 'DicomAttribute') this.#attachAttribute(closed, parent);
    else if (name === 'Item') putValue(parent, closed, closed.members);
    else if (name === 'Value') putValue(parent, closed, valueOf(parent, text));
    else if (name === 'PersonName') putValue(parent, closed, closed.members);
    else if (name === 'InlineBinary') parent.inlineBinary = text.replace(/\s+/g, '');
    else if (name === 'BulkData') {
      parent.bulkDataUri = closed.attributes['uri'] ?? closed.attributes['uuid'] ?? '';
    } else if (nameGroups.has(name)) {
      const components = nameComponents.map((each) => {
        const component = closed.members[each];
        return typeof component === 'string' ? component : '';
      });
      parent.members[name] = components.join('^').replace(/\^+$/, '');
    } else if (nameComponents.includes(name)) parent.members[name] = text;
  }

  #attachAttribute({ attributes, values, inlineBinary, bulkDataUri }: Open, parent: Open): void {
    const { tag = '', vr } = attributes;
    if (Object.hasOwn(parent.members, tag)) {
      throw new GantryError('malformed', `${textOf(tag)} is there twice`);
    }
    parent.members[tag] = {
      ...(vr === undefined ? {} : { vr }),
      // What the numbers leave out is a value that is missing.
      ...(values.length > 0 && { Value: Array.from(values, (value: unknown) => value ?? null) }),
      ...(inlineBinary !== undefined && { InlineBinary: inlineBinary }),
      ...(bulkDataUri !== undefined && { BulkDataURI: bulkDataUri }),
    };
  }
}

function putValue(parent: Open, { attributes }: Open, value: unknown): void {
  const number = Number(attributes['number'] ?? parent.values.length + 1);
  if (!Number.isInteger(number) || number < 1 || number > valuesMax) {
    throw new GantryError('malformed', 'the number of an XML value');
  }
  parent.values[number - 1] = value;
}

/** An empty element is an empty value; numbers come as text. */
function valueOf({ attributes }: Open, text: string): unknown {
  const { vr = '' } = attributes;
  if (text === '') return null;
  if (!numericVrs.has(vr)) return text;
  const number = Number(text);
  return Number.isNaN(number) ? text : number;
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function textOf(tag: string): string {
  return /^[0-9A-Fa-f]{8}$/.test(tag) ? tagText(Number.parseInt(tag, 16)) : 'an attribute';
}
