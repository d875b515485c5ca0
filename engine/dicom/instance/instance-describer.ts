import { trimUid } from '#engine/base/uid.js';
import { tagHex } from '#engine/dicom/dictionary/dictionary.js';
import { indexedAttributes } from '#engine/dicom/indexed-attributes.js';
import type { TransferSyntax } from '#engine/dicom/dictionary/transfer-syntaxes.js';
import { isBinaryVr, vrCodes, vrName } from '#engine/dicom/dictionary/vr.js';
import { SpecificCharacterSet } from '#engine/dicom/encoding/specific-character-set.js';
import { formatJsonValue } from '#engine/dicom/json-model/format-json-value.js';
import { inlineBinary } from '#engine/dicom/json-model/inline-binary.js';
import { JsonModelWriter } from '#engine/dicom/json-model/json-model-writer.js';
import type { DataSetVisitor, ElementHeader } from '#engine/dicom/part10/data-set-visitor.js';
import {
  PixelDataCollector,
  type PixelDataSummary,
} from '#engine/dicom/pixel-data/pixel-data-collector.js';
import { IndexCollector } from './index-collector.js';
import type { InstanceRules } from './instance-rules.js';
import { valueFault } from './value-fault.js';
import type { BulkValue, InstanceWarning, MetadataDocument } from './parsed-instance.js';

const specificCharacterSetTag = 0x00080005;
const pixelDataTag = 0x7fe00010;
const patientIdTag = 0x00100020;
const identifierTags = new Set([0x00080016, 0x00080018, 0x0020000d, 0x0020000e]);
/** More than one of a kind tells nothing new; more kinds than this are not read by anybody. */
const warningsMax = 256;

/** Attributes that are searched by one value; of several the index has all, but other servers take the first. */
const singleValuedTags = new Set(
  indexedAttributes
    .filter(({ vr }) => ['CS', 'DA', 'LO', 'PN', 'SH', 'TM'].includes(vr))
    .map(({ tag }) => Number.parseInt(tag, 16)),
);
// Specific Character Set, Image Type, Name of Physicians Reading Study, Admitting Diagnoses Description.
for (const tag of [0x00080005, 0x00080008, 0x00081060, 0x00081080]) singleValuedTags.delete(tag);
const backslash = 0x5c;

/** Turns what a reader finds into metadata, indexed attributes and the layout of an instance. */
export class InstanceDescriber implements DataSetVisitor {
  readonly #rules: InstanceRules | undefined;
  readonly #writer = new JsonModelWriter();
  readonly #index = new IndexCollector();
  readonly #pixelData = new PixelDataCollector();
  readonly #bulkValues: BulkValue[] = [];
  readonly #uids = new Map<number, string>();
  readonly #warnings = new Map<string, InstanceWarning>();
  /** Each character set by its defined terms, so that it counts what it could not decode over the whole instance. */
  readonly #charsetByTerms = new Map<string, SpecificCharacterSet>();
  /** Character set of the data set at each depth; a nested one without its own has that of the one around it. */
  readonly #charsets: SpecificCharacterSet[] = [this.#charset('')];
  readonly #sequenceTags: number[] = [];
  /** Depth of a sequence that is left out with all it contains; Infinity when none is. */
  #mutedDepth = Infinity;
  #depth = 0;
  /** Where the text of an indexed sequence of the root began, and the number of URIs before it. */
  #indexedFrom = -1;
  #uriCountBefore = 0;
  #delimitedBulk: BulkValue | undefined;
  #isMetadataPartial = false;
  #hasPatientId = false;

  /** Without `rules` values are not checked: those of an identifier are no values but what to look for. */
  constructor(rules?: InstanceRules) {
    this.#rules = rules;
  }

  /** The root has PatientID, if only an empty one. */
  get hasPatientId(): boolean {
    return this.#hasPatientId;
  }

  /** Metadata has not all of the data set. */
  get isMetadataPartial(): boolean {
    return this.#isMetadataPartial;
  }

  /** A UID of the root data set without padding; undefined when it has none. */
  uid(tag: number): string | undefined {
    return this.#uids.get(tag);
  }

  /** Complete after the `finish…` calls. */
  get warnings(): readonly InstanceWarning[] {
    return [...this.#warnings.values()];
  }

  get bulkValues(): readonly BulkValue[] {
    return this.#bulkValues;
  }

  finishMetadata(): MetadataDocument {
    for (const charset of this.#charsetByTerms.values()) {
      if (charset.replacements > 0) {
        this.onWarning(specificCharacterSetTag, 'text is not in its character set');
      }
    }
    return this.#writer.finish();
  }

  /** As `IndexCollector.finish`. */
  finishIndex(): string {
    return this.#index.finish();
  }

  finishPixelData(syntax: TransferSyntax | undefined): PixelDataSummary {
    const summary = this.#pixelData.finish(syntax);
    for (const reason of summary.warnings) this.onWarning(pixelDataTag, reason);
    return summary;
  }

  onValue(element: ElementHeader, value: Uint8Array): void {
    const { tag, depth } = element;
    if (!this.#admit(element)) return;
    if (depth === 0) {
      this.#pixelData.addValue(element, value);
      if (identifierTags.has(tag)) this.#uids.set(tag, trimUid(latin1(value)));
      else if (tag === patientIdTag) this.#hasPatientId = true;
    }
    const members = this.#members(element, value);
    if (members === undefined) return;
    const text = this.#writer.writeElement(tag, vrName(element.vr), members);
    if (depth === 0) this.#index.add(tag, text);
  }

  onBulkValue(element: ElementHeader): void {
    this.#delimitedBulk = undefined;
    if (!this.#admit(element)) return;
    const { tag, offset, length } = element;
    const vr = vrName(element.vr);
    const path = this.#path(tag);
    if (element.depth === 0) this.#pixelData.addPixelData(element);
    this.#writer.writeBulkDataUri(tag, vr, path);
    const value = { path, vr, offset, length };
    if (length === -1) this.#delimitedBulk = value;
    else this.#bulkValues.push(value);
  }

  onSequenceStart(element: ElementHeader): void {
    const { tag, depth } = element;
    const isAdmitted = this.#admit(element);
    this.#depth++;
    if (!isAdmitted) {
      this.#mutedDepth = Math.min(this.#mutedDepth, depth);
      return;
    }
    if (depth === 0 && IndexCollector.isIndexed(tag)) {
      this.#indexedFrom = this.#writer.position;
      this.#uriCountBefore = this.#writer.uriCount;
    }
    this.#sequenceTags.push(tag);
    this.#writer.beginSequence(tag);
  }

  onItemStart(): void {
    if (this.#isMuted) return;
    this.#charsets[this.#depth] = this.#currentCharset(this.#depth - 1);
    this.#writer.beginItem();
  }

  onItemEnd(): void {
    if (!this.#isMuted) this.#writer.endItem();
  }

  onSequenceEnd(): void {
    this.#depth--;
    if (this.#depth >= this.#mutedDepth) {
      if (this.#depth === this.#mutedDepth) this.#mutedDepth = Infinity;
      return;
    }
    this.#writer.endSequence();
    const tag = this.#sequenceTags.pop();
    if (this.#depth > 0 || this.#indexedFrom === -1 || tag === undefined) return;
    // Records are not served through the URL of an instance, so they hold no BulkDataURI.
    if (this.#writer.uriCount === this.#uriCountBefore) {
      this.#index.add(tag, this.#writer.textFrom(this.#indexedFrom));
    }
    this.#indexedFrom = -1;
  }

  onOffsetTable(tag: number, table: Uint8Array): void {
    this.#pixelData.addOffsetTable(tag, table);
  }

  onFragment(offset: number, length: number, firstBytes: number): void {
    this.#pixelData.addFragment(offset, length, firstBytes);
  }

  onFragmentsEnd(element: ElementHeader, end: number): void {
    if (element.depth === 0 && element.tag === pixelDataTag) this.#pixelData.endFragments(end);
    if (this.#delimitedBulk === undefined) return;
    this.#bulkValues.push({ ...this.#delimitedBulk, length: end - this.#delimitedBulk.offset });
    this.#delimitedBulk = undefined;
  }

  onWarning(tag: number, reason: string): void {
    const hex = tag === 0 ? '' : tagHex(tag);
    this.#warn(hex + reason, { tag: hex, reason });
  }

  #warn(name: string, warning: InstanceWarning): void {
    if (this.#warnings.size < warningsMax && !this.#warnings.has(name)) {
      this.#warnings.set(name, warning);
    }
  }

  /** A value that metadata and index do without. Only the first one in an attribute of the root is told of. */
  #omit(tag: number, reason: string): void {
    this.#isMetadataPartial = true;
    const hex = tagHex(this.#sequenceTags[0] ?? tag);
    const place = this.#sequenceTags.length === 0 ? '' : `${tagHex(tag)} in it `;
    this.#warn(hex, { tag: hex, reason: place + reason, effect: 'omitted' });
  }

  get #isMuted(): boolean {
    return this.#depth > this.#mutedDepth;
  }

  /** Whether metadata has the element: not group 0002, group lengths (PS3.18 §F.2.2), nor a second one of the same tag. */
  #admit({ tag }: ElementHeader): boolean {
    if (this.#isMuted || (tag & 0xffff) === 0 || tag >>> 16 <= 0x0002) return false;
    if (this.#writer.admit(tag)) return true;
    this.#isMetadataPartial = true;
    this.onWarning(tag, 'the data set has the attribute twice');
    return false;
  }

  /** What follows the VR in the JSON object of an element; undefined when metadata does without it. */
  #members(element: ElementHeader, value: Uint8Array): string | undefined {
    const { tag, vr, isBigEndian, depth } = element;
    const rules = this.#rules;
    const isUnknownPrivate = vr === vrCodes.UN && element.isImplicitVr && ((tag >>> 16) & 1) === 1;
    if (isUnknownPrivate && rules?.keepsImplicitPrivate === false) {
      this.#isMetadataPartial = true;
      return undefined;
    }
    if (value.length === 0) return '';
    if (isBinaryVr(vr)) return `,"InlineBinary":"${inlineBinary(vr, value, isBigEndian)}"`;
    if (tag === specificCharacterSetTag) {
      this.#charsets[depth] = this.#charset(latin1(value));
      return ',"Value":["ISO_IR 192"]';
    }
    const charset = this.#currentCharset(depth);
    const text = formatJsonValue(vrName(vr), value, !isBigEndian, charset);
    if (rules !== undefined && !(depth === 0 && identifierTags.has(tag))) {
      const fault = valueFault(vr, value, text ?? '', { omits: rules.omits, charset });
      if (fault !== undefined) {
        this.#omit(tag, fault);
        return undefined;
      }
      if (depth === 0 && singleValuedTags.has(tag) && value.includes(backslash)) {
        const hex = tagHex(tag);
        this.#warn(hex, { tag: hex, reason: 'has several values', effect: 'several-values' });
      }
    }
    return text === undefined ? '' : `,"Value":${text}`;
  }

  #currentCharset(depth: number): SpecificCharacterSet {
    return this.#charsets[depth] ?? SpecificCharacterSet.default;
  }

  #charset(terms: string): SpecificCharacterSet {
    let charset = this.#charsetByTerms.get(terms);
    if (charset === undefined) {
      charset = SpecificCharacterSet.from(terms);
      this.#charsetByTerms.set(terms, charset);
    }
    return charset;
  }

  /** Path of an element of the open data set in a BulkDataURI: tags and item numbers from 1. */
  #path(tag: number): string {
    let path = '';
    this.#sequenceTags.forEach((sequenceTag, index) => {
      path += `${tagHex(sequenceTag)}/${this.#writer.itemCount(index + 1)}/`;
    });
    return path + tagHex(tag);
  }
}

function latin1(value: Uint8Array): string {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1');
}
