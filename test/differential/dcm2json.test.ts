import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { findTransferSyntax } from '#engine/dicom/dictionary/transfer-syntaxes.js';
import { inlineBinary } from '#engine/dicom/json-model/inline-binary.js';
import { vrCode } from '#engine/dicom/dictionary/vr.js';
import { MemoryByteSource } from '#engine/dicom/instance/byte-source.js';
import {
  describeInstance,
  type DescribedInstance,
} from '#engine/dicom/instance/describe-instance.js';
import type {
  JsonDataSet,
  JsonElement,
  JsonPersonName,
  JsonValue,
} from '#engine/dicom/json-model/json-model-types.js';
import {
  type CorpusFile,
  corpusFiles,
  corpusMissing,
  corpusPath,
  readCorpusFile,
} from '#test/helpers/corpus.js';

/**
 * Compares our metadata and bulk values with what DCMTK's dcm2json says of the same file: same elements, same VRs, same values.
 * Differences that are known and meant are the conditions of `isAccepted`.
 */
const run = promisify(execFile);

test('PS3.18 §F.2 metadata of the corpus is the same as DCMTK makes', async (t) => {
  if (corpusMissing !== false) return t.skip(corpusMissing);
  if (spawnSync('dcm2json', ['--version']).error !== undefined) {
    return t.skip('NO DCMTK: install dcm2json and dcmodify to run this test');
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'gantry-dcm2json-'));
  const faults: string[] = [];
  let comparedCount = 0;
  try {
    for (const file of corpusFiles().filter(({ valid }) => valid)) {
      const bytes = readCorpusFile(file);
      const result = await describeInstance(new MemoryByteSource([bytes]));
      if (!result.ok) continue;
      const theirs = await readWithDcmtk(file, path.join(folder, 'copy.dcm'));
      if (theirs === undefined) continue;
      comparedCount++;
      const comparison = new Comparison(result.instance, bytes);
      comparison.compareDataSets(readMetadata(result.instance), theirs, '');
      faults.push(...comparison.faults.map((fault) => `${file.path} ${fault}`));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  assert.deepEqual(faults, []);
  // DCMTK cannot convert some character sets and knows no JPEG XL: those files are not compared.
  assert.ok(comparedCount > 300, `only ${comparedCount} files were compared`);
});

function readMetadata(instance: DescribedInstance): JsonDataSet {
  return JSON.parse(Buffer.from(instance.metadata.json).toString('utf8')) as JsonDataSet;
}

/** dcm2json's answer; it refuses encapsulated pixel data, so that is taken out of a copy first. */
async function readWithDcmtk(file: CorpusFile, copy: string): Promise<JsonDataSet | undefined> {
  let source = corpusPath(file);
  if (findTransferSyntax(file.transferSyntax ?? '')?.isEncapsulated === true) {
    copyFileSync(source, copy);
    source = copy;
    await run('dcmodify', ['-nb', '-q', '-ie', '-ea', '(7fe0,0010)', copy]).catch(() => undefined);
  }
  try {
    const { stdout } = await run('dcm2json', ['-fc', '-ee', source], {
      maxBuffer: 1024 * 1024 * 1024,
      encoding: 'buffer',
    });
    return JSON.parse(stdout.toString('utf8')) as JsonDataSet;
  } catch {
    return undefined;
  }
}

class Comparison {
  readonly faults: string[] = [];
  readonly #instance: DescribedInstance;
  readonly #bytes: Uint8Array;

  constructor(instance: DescribedInstance, bytes: Uint8Array) {
    this.#instance = instance;
    this.#bytes = bytes;
  }

  compareDataSets(ours: JsonDataSet, theirs: JsonDataSet, prefix: string): void {
    for (const tag of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
      const our = ours[tag];
      const their = theirs[tag];
      // dcmodify also drops Data Set Trailing Padding, PS3.10 §7.2.
      const isErased = ['7FE00010', 'FFFCFFFC'].includes(tag) && their === undefined;
      if (our !== undefined && their !== undefined) {
        this.#compareElements(our, their, prefix + tag);
      } else if (!isErased && !this.#isOmitted(prefix + tag)) {
        this.faults.push(`${prefix}${tag} is only ${our === undefined ? 'theirs' : 'ours'}`);
      }
    }
  }

  /** An unreadable value, which metadata does without and DCMTK passes on. */
  #isOmitted(at: string): boolean {
    return this.#instance.warnings.some(
      ({ tag, effect }) => effect === 'omitted' && at.startsWith(tag),
    );
  }

  #compareElements(our: JsonElement, their: JsonElement, at: string): void {
    if (our.vr !== their.vr) {
      if (!isAcceptedVr(our, their)) this.faults.push(`${at} VR ${our.vr}, theirs ${their.vr}`);
      return;
    }
    if (our.vr === 'SQ') {
      const ourItems = (our.Value ?? []) as JsonDataSet[];
      const theirItems = (their.Value ?? []) as JsonDataSet[];
      if (ourItems.length !== theirItems.length) {
        this.faults.push(`${at} ${ourItems.length} items, theirs ${theirItems.length}`);
      }
      ourItems.forEach((item, index) => {
        this.compareDataSets(item, theirItems[index] ?? {}, `${at}/${index + 1}/`);
      });
      return;
    }
    if (our.BulkDataURI !== undefined) this.#compareBulk(our, their, at);
    else if (evenBinary(our.InlineBinary) !== their.InlineBinary) {
      this.faults.push(`${at} binary differs`);
    } else if (!isAccepted(our, their)) {
      const [a, b] = [our, their].map((element) => JSON.stringify(element).slice(0, 100));
      this.faults.push(`${at} ${a}, theirs ${b}`);
    }
  }

  #compareBulk(our: JsonElement, their: JsonElement, at: string): void {
    const { layout } = this.#instance;
    const bulk = layout.bulkValues.find(({ path: bulkPath }) => bulkPath === at);
    if (bulk === undefined) {
      this.faults.push(`${at} has no bulk value`);
      return;
    }
    if (layout.deflated || their.InlineBinary === undefined) return;
    const value = this.#bytes.subarray(bulk.offset, bulk.offset + bulk.length);
    const isBigEndian = findTransferSyntax(layout.transferSyntaxUid)?.isBigEndian === true;
    const binary = inlineBinary(vrCode(our.vr), value, isBigEndian);
    if (evenBinary(binary) !== their.InlineBinary) {
      this.faults.push(`${at} bulk value differs`);
    }
  }
}

/** DCMTK pads values of odd length. */
function evenBinary(base64: string | undefined): string | undefined {
  if (base64 === undefined) return undefined;
  const bytes = Buffer.from(base64, 'base64');
  const padding = Buffer.alloc(bytes.length % 2);
  return Buffer.concat([bytes, padding]).toString('base64');
}

/**
 * DCMTK knows VRs of private attributes; it leaves UN what was sent as UN, or with an invalid VR, though PS3.6 knows it. Of
 * an attribute that is OB or OW it makes OB in implicit VR.
 */
function isAcceptedVr(our: JsonElement, their: JsonElement): boolean {
  return our.vr === 'UN' || their.vr === 'UN' || (our.vr === 'OW' && their.vr === 'OB');
}

function isAccepted(our: JsonElement, their: JsonElement): boolean {
  const ourValues = our.Value ?? [];
  const theirValues = their.Value ?? [];
  const count = Math.max(ourValues.length, theirValues.length);
  return Array.from({ length: count }, (_, index) =>
    isAcceptedValue(our.vr, ourValues[index], theirValues[index]),
  ).every(Boolean);
}

function isAcceptedValue(
  vr: string,
  our: JsonValue | undefined,
  their: JsonValue | undefined,
): boolean {
  if (JSON.stringify(our) === JSON.stringify(their)) return true;
  switch (vr) {
    case 'FL':
      // They write nine digits where fewer are enough to tell the number.
      return Math.fround(Number(our)) === Math.fround(Number(their));
    case 'FD':
      // They round the last digit.
      return Math.abs(Number(our) - Number(their)) <= Math.abs(Number(our)) * 1e-15;
    case 'IS':
    case 'DS':
      // A number with leading zeros is no JSON number: a string here, another number there. They keep NUL padding.
      return Number(our) === Number(typeof their === 'string' ? their.replace(/\0$/, '') : their);
    case 'PN':
      // They drop the delimiters of empty components at the end.
      return JSON.stringify(withoutEmptyComponents(our)) === JSON.stringify(their ?? {});
    case 'CS':
      // ISO_IR 6 is left by them, an empty Specific Character Set filled; text outside the default repertoire is not decoded by them.
      return (
        our === 'ISO_IR 192' ||
        their === 'ISO_IR 192' ||
        (typeof their === 'string' && their.includes('\ufffd'))
      );
    default:
      return false;
  }
}

function withoutEmptyComponents(value: JsonValue | undefined): JsonPersonName {
  const groups = Object.entries((value ?? {}) as JsonPersonName)
    .map(([group, text]) => [group, String(text).replace(/\^+$/, '')])
    .filter(([, text]) => text !== '');
  return Object.fromEntries(groups) as JsonPersonName;
}
