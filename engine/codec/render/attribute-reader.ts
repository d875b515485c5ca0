import { GantryError } from '#engine/base/error-catalogue.js';
import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';
import type { AttributeSource } from './rendering.js';

/** VRs of 16-bit words, in which tables and overlays are. */
const wordVrs: ReadonlySet<string> = new Set(['OW', 'SS', 'US']);

/** Reads attributes of a data set, or of an item in it, by tags of eight hexadecimal digits. What has no usable value is absent. */
export class AttributeReader {
  readonly #dataSet: JsonDataSet;
  readonly #bulkValues: ReadonlyMap<string, Uint8Array>;
  readonly #path: string;

  private constructor(
    dataSet: JsonDataSet,
    bulkValues: ReadonlyMap<string, Uint8Array>,
    path: string,
  ) {
    this.#dataSet = dataSet;
    this.#bulkValues = bulkValues;
    this.#path = path;
  }

  /** Throws `corrupt` when the metadata is not JSON. */
  static open({ json, bulkValues, isBigEndian }: AttributeSource): AttributeReader {
    let dataSet: JsonDataSet;
    try {
      const text = Buffer.from(json.buffer, json.byteOffset, json.length).toString();
      dataSet = JSON.parse(text) as JsonDataSet;
    } catch (cause) {
      throw new GantryError('corrupt', 'the metadata is not JSON', { cause });
    }
    const littleEndian = bulkValues.map(({ path, vr, bytes }) => {
      const isSwapped = isBigEndian && wordVrs.has(vr);
      const value = isSwapped ? Buffer.from(bytes.subarray(0, bytes.length & ~1)).swap16() : bytes;
      return [path, value] as const;
    });
    return new AttributeReader(dataSet, new Map<string, Uint8Array>(littleEndian), '');
  }

  /** Whether the attribute is there, with or without a value. */
  has(tag: string): boolean {
    return this.#dataSet[tag] !== undefined;
  }

  number(tag: string): number | undefined {
    return this.numbers(tag)[0];
  }

  /** Every value of a number, also of a decimal string; none when one of them is no finite number. */
  numbers(tag: string): number[] {
    const values = (this.#dataSet[tag]?.Value ?? []).map(toNumber);
    return values.every(Number.isFinite) ? values : [];
  }

  text(tag: string): string | undefined {
    return this.texts(tag)[0];
  }

  /** Values as text; of names the alphabetic group. */
  texts(tag: string): string[] {
    return (this.#dataSet[tag]?.Value ?? []).map((value) => {
      if (typeof value === 'string' || typeof value === 'number') return String(value).trim();
      const name = value?.['Alphabetic'];
      return typeof name === 'string' ? name : '';
    });
  }

  items(tag: string): AttributeReader[] {
    const values = this.#dataSet[tag]?.vr === 'SQ' ? (this.#dataSet[tag].Value ?? []) : [];
    return values.map((item, index) => {
      const path = `${this.#path}${tag}/${index + 1}/`;
      const isItem = typeof item === 'object' && item !== null;
      return new AttributeReader(isItem ? (item as JsonDataSet) : {}, this.#bulkValues, path);
    });
  }

  /** The first item of a sequence. */
  item(tag: string): AttributeReader | undefined {
    return this.items(tag)[0];
  }

  /** A binary value, in little endian; undefined when it is absent or was too long to be brought along. */
  bytes(tag: string): Uint8Array | undefined {
    const element = this.#dataSet[tag];
    if (element?.InlineBinary !== undefined) return Buffer.from(element.InlineBinary, 'base64');
    if (element?.Value === undefined) return this.#bulkValues.get(this.#path + tag);
    return new Uint8Array(Uint16Array.from(this.numbers(tag), (value) => value & 0xffff).buffer);
  }
}

function toNumber(value: unknown): number {
  return typeof value === 'string' && value.trim() === '' ? NaN : Number(value);
}
