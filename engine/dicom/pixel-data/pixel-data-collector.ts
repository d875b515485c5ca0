import { limits } from '#engine/base/limits.js';
import type { TransferSyntax } from '#engine/dicom/dictionary/transfer-syntaxes.js';
import { rleLosslessUid } from '#engine/dicom/dictionary/transfer-syntaxes.js';
import { vrName } from '#engine/dicom/dictionary/vr.js';
import type { PixelLayout } from '#engine/dicom/instance/parsed-instance.js';
import type { ElementHeader } from '#engine/dicom/part10/data-set-visitor.js';
import { assignFragments } from './assign-fragments.js';
import { FragmentList } from './fragment-list.js';

const samplesPerPixelTag = 0x00280002;
const photometricInterpretationTag = 0x00280004;
const numberOfFramesTag = 0x00280008;
const rowsTag = 0x00280010;
const columnsTag = 0x00280011;
const bitsAllocatedTag = 0x00280100;
const floatPixelDataTag = 0x7fe00008;
const doubleFloatPixelDataTag = 0x7fe00009;
const extendedOffsetTableTag = 0x7fe00001;
const extendedOffsetTableLengthsTag = 0x7fe00002;
const pixelDataTag = 0x7fe00010;

/** Syntaxes whose frames have one fragment each by definition, PS3.5 §A.4.2, §A.4.11 and §A.4.12. */
const fragmentPerFrameUids = new Set([
  rleLosslessUid,
  '1.2.840.10008.1.2.1.98',
  '1.2.840.10008.1.2.8.1',
]);

export interface PixelDataSummary {
  readonly layout: PixelLayout;
  readonly frameTable: Uint8Array;
  readonly warnings: readonly string[];
}

/** Collects what a data set says of its pixel data and works out where each frame lies, PS3.3 §C.7.6.3 and PS3.5 §8. */
export class PixelDataCollector {
  readonly #fragments = new FragmentList();
  /** Image description: only values of the right VR and length count, so that no product of them can be made to overflow. */
  readonly #numbers = new Map<number, number>();
  #numberOfFrames: number | undefined;
  #isNumberOfFramesInvalid = false;
  #photometricInterpretation = '';
  #basicOffsets: number[] = [];
  #extendedOffsets: number[] = [];
  #extendedLengths: number[] = [];
  #pixelTag = 0;
  #offset = 0;
  /** -1 while the end of delimited pixel data is not known. */
  #length = -1;
  #isEncapsulated = false;

  /** An element of the root data set. */
  addValue(element: ElementHeader, value: Uint8Array): void {
    switch (element.tag) {
      case samplesPerPixelTag:
      case rowsTag:
      case columnsTag:
      case bitsAllocatedTag:
        if (vrName(element.vr) === 'US' && value.length === 2) {
          const [first = 0, second = 0] = value;
          this.#numbers.set(
            element.tag,
            element.isBigEndian ? (first << 8) | second : first | (second << 8),
          );
        }
        return;
      case numberOfFramesTag:
        if (value.length > 0) this.#setNumberOfFrames(value);
        return;
      case photometricInterpretationTag:
        this.#photometricInterpretation = text(value);
        return;
    }
  }

  addOffsetTable(tag: number, table: Uint8Array): void {
    if (tag === pixelDataTag) this.#basicOffsets = readOffsets(table, 4);
    else if (tag === extendedOffsetTableTag) this.#extendedOffsets = readOffsets(table, 8);
    else if (tag === extendedOffsetTableLengthsTag) this.#extendedLengths = readOffsets(table, 8);
  }

  /** Float, Double Float or integer Pixel Data of the root data set. */
  addPixelData(element: ElementHeader): void {
    const { tag, offset, length } = element;
    if (tag !== pixelDataTag && tag !== floatPixelDataTag && tag !== doubleFloatPixelDataTag)
      return;
    this.#pixelTag = tag;
    this.#offset = offset;
    this.#length = length;
    this.#isEncapsulated = length === -1;
  }

  addFragment(offset: number, length: number, firstBytes: number): void {
    this.#fragments.add(offset, length, isCodestreamStart(firstBytes));
  }

  endFragments(end: number): void {
    this.#length = end - this.#offset;
  }

  finish(syntax: TransferSyntax | undefined): PixelDataSummary {
    const warnings = this.#isNumberOfFramesInvalid ? ['Number of Frames is invalid'] : [];
    if (this.#pixelTag === 0) {
      return { layout: { kind: 'none' }, frameTable: new Uint8Array(0), warnings };
    }
    const frameCount = this.#numberOfFrames ?? 1;
    if (!this.#isEncapsulated) return this.#describeNative(frameCount, warnings);
    const assignment = assignFragments(this.#fragments, {
      frameCount,
      isFragmentPerFrame: fragmentPerFrameUids.has(syntax?.uid ?? ''),
      isOneStream: syntax?.isVideo === true,
      basicOffsets: this.#basicOffsets,
      extendedOffsets: this.#extendedOffsets,
      extendedLengths: this.#extendedLengths,
    });
    return {
      layout: {
        kind: 'encapsulated',
        offset: this.#offset,
        length: this.#length,
        frameCount: assignment.frameCount,
      },
      frameTable: assignment.table,
      warnings: [...warnings, ...assignment.warnings],
    };
  }

  #setNumberOfFrames(value: Uint8Array): void {
    const digits = text(value);
    const count = /^\+?[0-9]{1,10}$/.test(digits) ? Number(digits) : 0;
    if (count >= 1 && count <= limits.frameCountMax) this.#numberOfFrames = count;
    else this.#isNumberOfFramesInvalid = true;
  }

  #describeNative(declaredCount: number, warnings: string[]): PixelDataSummary {
    const frameTable = new Uint8Array(0);
    const frameBits = this.#frameBits();
    if (frameBits === 0 || !Number.isSafeInteger(frameBits)) {
      warnings.push('the image description is incomplete: frames cannot be told apart');
      return { layout: { kind: 'none' }, frameTable, warnings };
    }
    const heldCount = Math.floor((this.#length * 8) / frameBits);
    const frameCount = Math.min(declaredCount, heldCount);
    if (frameCount < declaredCount) {
      warnings.push(`the pixel data holds ${heldCount} of ${declaredCount} frames`);
    }
    return {
      layout: {
        kind: 'native',
        offset: this.#offset,
        length: this.#length,
        frameCount,
        frameBits,
      },
      frameTable,
      warnings,
    };
  }

  /** Bits of one native frame; 0 when an attribute is missing. */
  #frameBits(): number {
    const number = (tag: number): number => this.#numbers.get(tag) ?? 0;
    const pixels = number(rowsTag) * number(columnsTag);
    if (this.#pixelTag === floatPixelDataTag) return pixels * 32;
    if (this.#pixelTag === doubleFloatPixelDataTag) return pixels * 64;
    return pixels * this.#samplesPerPixel() * number(bitsAllocatedTag);
  }

  /** Samples stored per pixel: fewer than Samples per Pixel where chroma is subsampled, PS3.3 §C.7.6.3.1.2. */
  #samplesPerPixel(): number {
    if (/^YBR_(FULL|PARTIAL)_422$/.test(this.#photometricInterpretation)) return 2;
    if (this.#photometricInterpretation === 'YBR_PARTIAL_420') return 1.5;
    return this.#numbers.get(samplesPerPixelTag) ?? 1;
  }
}

function text(value: Uint8Array): string {
  return Buffer.from(value.buffer, value.byteOffset, Math.min(value.length, 64))
    .toString('latin1')
    .replace(/[\0 ]+$/, '')
    .trimStart();
}

function readOffsets(table: Uint8Array, entryBytes: 4 | 8): number[] {
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const offsets: number[] = [];
  for (let at = 0; at + entryBytes <= table.length; at += entryBytes) {
    const high = entryBytes === 8 ? view.getUint32(at + 4, true) : 0;
    offsets.push(view.getUint32(at, true) + high * 0x100000000);
  }
  return offsets;
}

/**
 * Whether a fragment that begins with these four bytes begins a codestream: JPEG and JPEG-LS (SOI and another marker), JPEG 2000
 * and HTJ2K (SOC and SIZ), and the boxed form of JPEG 2000 and JPEG XL.
 */
function isCodestreamStart(firstBytes: number): boolean {
  return firstBytes >>> 8 === 0xffd8ff || firstBytes === 0xff4fff51 || firstBytes === 0x0000000c;
}
