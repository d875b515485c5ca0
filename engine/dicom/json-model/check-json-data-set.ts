import { GantryError } from '#engine/base/error-catalogue.js';
import { limits } from '#engine/base/limits.js';
import { tagText } from '#engine/dicom/dictionary/dictionary.js';
import { isKnownVr, vrCode } from '#engine/dicom/dictionary/vr.js';
import type { JsonDataSet, JsonElement, JsonPersonName, JsonValue } from './json-model-types.js';

const tagPattern = /^[0-9A-Fa-f]{8}$/;
const base64Pattern = /^[A-Za-z0-9+/]*={0,2}$/;
const nameGroups = ['Alphabetic', 'Ideographic', 'Phonetic'] as const;

/** Smallest and largest whole number of a VR. */
const wholeNumbers: Readonly<Record<string, readonly [min: bigint, max: bigint]>> = {
  SL: [-(2n ** 31n), 2n ** 31n - 1n],
  SS: [-(2n ** 15n), 2n ** 15n - 1n],
  SV: [-(2n ** 63n), 2n ** 63n - 1n],
  UL: [0n, 2n ** 32n - 1n],
  US: [0n, 2n ** 16n - 1n],
  UV: [0n, 2n ** 64n - 1n],
};
/** Not finite, as the JSON model writes them (PS3.18 §F.2.2) and as JavaScript does. */
const specialFloats = new Map([
  ['inf', 'inf'],
  ['-inf', '-inf'],
  ['NaN', 'NaN'],
  ['Infinity', 'inf'],
  ['-Infinity', '-inf'],
]);

/**
 * A DICOM JSON object (PS3.18 §F.2) that came from outside as one that can be encoded: every tag and VR is known to be one, every
 * value fits its VR. Throws `malformed` naming the attribute, `limit-exceeded` beyond the limits of a data set.
 */
export function checkJsonDataSet(value: unknown): JsonDataSet {
  return new Checker().dataSet(value, 0);
}

class Checker {
  #elementCount = 0;

  dataSet(value: unknown, depth: number): JsonDataSet {
    if (!isObject(value)) throw new GantryError('malformed', 'a data set is no JSON object');
    if (depth > limits.sequenceDepthMax) {
      throw new GantryError('limit-exceeded', `sequences deeper than ${limits.sequenceDepthMax}`);
    }
    const checked: [string, JsonElement][] = [];
    for (const [key, element] of Object.entries(value)) {
      if (!tagPattern.test(key)) throw new GantryError('malformed', 'a name is no tag');
      if (++this.#elementCount > limits.elementCountMax) {
        throw new GantryError('limit-exceeded', `more than ${limits.elementCountMax} elements`);
      }
      checked.push([key.toUpperCase(), this.#element(Number.parseInt(key, 16), element, depth)]);
    }
    return Object.fromEntries(checked);
  }

  #element(tag: number, element: unknown, depth: number): JsonElement {
    if (!isObject(element)) throw faulty(tag, 'is no JSON object');
    const { vr, Value: values, InlineBinary: binary, BulkDataURI: uri } = element;
    if (typeof vr !== 'string' || vr.length !== 2 || !isKnownVr(vrCode(vr))) {
      throw faulty(tag, 'has no VR');
    }
    const given = [values, binary, uri].filter((each) => each !== undefined);
    if (given.length > 1) throw faulty(tag, 'has more than one kind of value');
    if (uri !== undefined) {
      if (typeof uri !== 'string' || uri === '' || vr === 'SQ') throw faulty(tag, 'has no URI');
      return { vr, BulkDataURI: uri };
    }
    if (binary !== undefined) {
      if (typeof binary !== 'string' || !base64Pattern.test(binary) || vr === 'SQ') {
        throw faulty(tag, 'has no base64');
      }
      return { vr, InlineBinary: binary };
    }
    if (values === undefined) return { vr };
    if (!Array.isArray(values)) throw faulty(tag, 'has a Value that is no array');
    return { vr, Value: values.map((each: unknown) => this.#value(tag, vr, each, depth)) };
  }

  #value(tag: number, vr: string, value: unknown, depth: number): JsonValue {
    if (vr === 'SQ') return this.dataSet(value ?? {}, depth + 1);
    const checked = scalar(vr, value);
    if (checked === undefined) throw faulty(tag, `has a value that is none of VR ${vr}`);
    return checked;
  }
}

/** The value in the form that can be encoded; undefined when it is none of the VR. */
function scalar(vr: string, value: unknown): JsonValue | undefined {
  if (vr === 'PN') return personName(value);
  if (vr === 'AT') return typeof value === 'string' && tagPattern.test(value) ? value : undefined;
  const range = wholeNumbers[vr];
  if (range !== undefined) return wholeNumber(value, range);
  if (vr === 'FL' || vr === 'FD') return float(value);
  if (vr === 'DS' || vr === 'IS') {
    if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  }
  if (value === null) return null;
  return typeof value === 'string' ? value : undefined;
}

function wholeNumber(
  value: unknown,
  [min, max]: readonly [bigint, bigint],
): string | number | undefined {
  const isWhole =
    (typeof value === 'number' && Number.isSafeInteger(value)) ||
    (typeof value === 'string' && /^[+-]?\d{1,20}$/.test(value));
  if (!isWhole) return undefined;
  const number = BigInt(value);
  if (number < min || number > max) return undefined;
  return value;
}

function float(value: unknown): string | number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return undefined;
  const special = specialFloats.get(value);
  if (special !== undefined) return special;
  return /^[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?$/.test(value) ? Number(value) : undefined;
}

function personName(value: unknown): JsonPersonName | string | null | undefined {
  if (value === null || typeof value === 'string') return value;
  if (!isObject(value)) return undefined;
  const name: JsonPersonName = {};
  for (const [key, text] of Object.entries(value)) {
    const group = nameGroups.find((each) => each === key);
    if (group === undefined || typeof text !== 'string') return undefined;
    name[group] = text;
  }
  return name;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function faulty(tag: number, reason: string): GantryError {
  return new GantryError('malformed', `${tagText(tag)} ${reason}`);
}
