import { GantryError } from '#engine/base/error-catalogue.js';
import { limits } from '#engine/base/limits.js';
import { ambiguousVr, dictionaryVr, tagText } from '#engine/dicom/dictionary/dictionary.js';
import {
  hasLongLength,
  inlineBytesMax,
  isBinaryVr,
  isKnownVr,
  type VrCode,
  vrCodes,
} from '#engine/dicom/dictionary/vr.js';
import { bigEndian, ContainerStack, type Encoding, explicitVr } from './container-stack.js';
import type { DataSetVisitor, ElementHeader } from './data-set-visitor.js';
import type { InputWindow } from './input-window.js';
import { OffsetTableBuffer } from './offset-table-buffer.js';
import { readUint16, readUint32 } from './read-words.js';

export const pixelDataTag = 0x7fe00010;
const floatPixelDataTag = 0x7fe00008;
const doubleFloatPixelDataTag = 0x7fe00009;
const extendedOffsetTableTag = 0x7fe00001;
const extendedOffsetTableLengthsTag = 0x7fe00002;
const pixelRepresentationTag = 0x00280103;
const itemTag = 0xfffee000;
const itemDelimiterTag = 0xfffee00d;
const sequenceDelimiterTag = 0xfffee0dd;

const undefinedLength = 0xffffffff;
/** A UN value of a known attribute is taken for the dictionary's VR up to this length: all that a short VR could hold. */
const knownUnBytesMax = 0xfffe;

/** Characters and markers are read in the order of the file, whatever its words are. */
const readBigEndian = true;

type Mode = 'elements' | 'fragments' | 'offset-table' | 'trailing';

/**
 * The loop over the elements of a data set (PS3.5 §7) in a window of bytes: sequences and items as they open and close, values
 * short enough to look at, and bulk values to be leapt over. State between calls is a few numbers; nothing is made per element
 * but the view of its value.
 */
export class DataSetReader {
  /** Bytes that the window must hold before `read` can go on. */
  neededBytes = 0;
  readonly #window: InputWindow;
  readonly #visitor: DataSetVisitor;
  readonly #stack = new ContainerStack();
  readonly #element: ElementHeader = {
    tag: 0,
    vr: vrCodes.UN,
    offset: 0,
    length: 0,
    isBigEndian: false,
    isImplicitVr: false,
    depth: 0,
  };
  #mode: Mode = 'elements';
  /** Bytes from the element's tag to its value. */
  #headerBytes = 8;
  /** The VR of the last header does not exist. */
  #hasOddVr = false;
  #elementCount = 0;
  #lastRootTag = -1;
  #isSignedPixel = false;
  #table = new OffsetTableBuffer();
  #fragmentCount = 0;
  #hasSeenOffsetTable = false;

  constructor(window: InputWindow, visitor: DataSetVisitor) {
    this.#window = window;
    this.#visitor = visitor;
  }

  begin(encoding: Encoding): void {
    this.#stack.encoding = encoding;
  }

  /** Reads as far as the window goes. */
  read(): void {
    const window = this.#window;
    let hasMoved = true;
    while (hasMoved && window.skippableBytes === 0) {
      if (window.length < this.neededBytes) return;
      this.neededBytes = 0;
      if (this.#mode === 'elements') hasMoved = this.#readElements();
      else if (this.#mode === 'fragments') hasMoved = this.#readFragmentHeader();
      else if (this.#mode === 'offset-table') hasMoved = this.#readOffsetTable();
      else return window.skip(window.length);
    }
  }

  /** No more bytes follow: everything that was opened must be closed. */
  end(): void {
    const rest = this.#window.length;
    if (this.#mode === 'trailing') return;
    if (this.#mode !== 'elements') throw new GantryError('truncated', 'inside the pixel data');
    this.#closeFinished();
    if (this.#stack.level > 0) throw new GantryError('truncated', 'inside a sequence');
    if (rest === 0) return;
    const isPadding = rest < 8 && (this.#lastRootTag >= pixelDataTag || this.#isZero());
    if (!isPadding) throw new GantryError('truncated', `${rest} bytes into a data element`);
    this.#visitor.onWarning(0, 'bytes follow the data set');
  }

  #isZero(): boolean {
    const { bytes, start, end } = this.#window;
    return bytes.subarray(start, end).every((byte) => byte === 0);
  }

  /** Reads elements until the mode changes or bytes are missing; false when they are. */
  #readElements(): boolean {
    const window = this.#window;
    const stack = this.#stack;
    while (this.#mode === 'elements') {
      if (window.position >= stack.end) this.#closeFinished();
      if (window.length < 8) return false;
      const { bytes, start } = window;
      const { encoding } = stack;
      const isBig = (encoding & bigEndian) !== 0;
      const tag =
        ((readUint16(bytes, start, isBig) << 16) | readUint16(bytes, start + 2, isBig)) >>> 0;
      if (stack.level === 0 && this.#isTrailing(tag)) {
        this.#visitor.onWarning(0, 'bytes follow the data set');
        this.#mode = 'trailing';
        return true;
      }
      if (window.position + 8 > stack.bound) throw overrun(tag);
      if (tag >= itemTag && tag <= sequenceDelimiterTag) {
        this.#readDelimiter(tag, readUint32(bytes, start + 4, isBig));
        continue;
      }
      if (stack.isInSequence) {
        throw new GantryError('malformed', `${tagText(tag)} stands outside an item`);
      }
      if (!this.#readHeader(tag, encoding) || !this.#readValue()) return false;
    }
    return true;
  }

  /** Whether an element of this tag at the end of the data set is rather what some writers leave behind it. */
  #isTrailing(tag: number): boolean {
    if (this.#lastRootTag < 0) return false;
    return tag === 0 || (this.#lastRootTag >= pixelDataTag && tag <= this.#lastRootTag);
  }

  #closeFinished(): void {
    const stack = this.#stack;
    while (stack.level > 0 && this.#window.position >= stack.end) this.#closeContainer();
  }

  #closeContainer(): void {
    const wasSequence = this.#stack.isInSequence;
    this.#stack.pop();
    if (wasSequence) this.#visitor.onSequenceEnd();
    else this.#visitor.onItemEnd();
  }

  #readDelimiter(tag: number, length: number): void {
    const stack = this.#stack;
    this.#countElement();
    this.#window.consume(8);
    if (tag === itemTag) {
      if (!stack.isInSequence) throw new GantryError('malformed', 'an item outside a sequence');
      stack.push(this.#containerEnd(itemTag, length), stack.encoding);
      this.#visitor.onItemStart();
      return;
    }
    if (
      tag === itemDelimiterTag &&
      stack.level > 0 &&
      !stack.isInSequence &&
      stack.end === Infinity
    ) {
      return this.#closeContainer();
    }
    if (tag === sequenceDelimiterTag && stack.level > 0) {
      if (stack.isInSequence && stack.end === Infinity) return this.#closeContainer();
      if (!stack.isInSequence && stack.end === Infinity && stack.outerEnd === Infinity) {
        this.#visitor.onWarning(tag, 'an item delimiter is missing');
        this.#closeContainer();
        return this.#closeContainer();
      }
    }
    if (tag !== itemDelimiterTag && tag !== sequenceDelimiterTag) {
      throw new GantryError('malformed', `unexpected ${tagText(tag)}`);
    }
    this.#visitor.onWarning(tag, 'a delimiter without a beginning');
  }

  /** Where a container of that length ends: Infinity when it is delimited. The window is at its first byte. */
  #containerEnd(tag: number, length: number): number {
    if (length === undefinedLength) return Infinity;
    const end = this.#window.position + length;
    if (end > this.#stack.bound) throw overrun(tag);
    return end;
  }

  /** Fills `#element` and `#headerBytes`; false when the header is not whole yet. */
  #readHeader(tag: number, encoding: Encoding): boolean {
    const { bytes, start, position, length: available } = this.#window;
    const isBig = (encoding & bigEndian) !== 0;
    let headerBytes = 8;
    let vr: VrCode;
    let length: number;
    if ((encoding & explicitVr) === 0) {
      vr = this.#resolveVr(dictionaryVr(tag));
      length = readUint32(bytes, start + 4, isBig);
    } else {
      vr = readUint16(bytes, start + 4, readBigEndian);
      if (!isKnownVr(vr)) return this.#readOddHeader(tag, vr, isBig);
      if (hasLongLength(vr)) {
        headerBytes = 12;
        if (available < headerBytes) {
          this.neededBytes = headerBytes;
          return false;
        }
        length = readUint32(bytes, start + 8, isBig);
      } else length = readUint16(bytes, start + 6, isBig);
    }
    const element = this.#element;
    element.tag = tag;
    element.vr = vr;
    element.offset = position + headerBytes;
    element.length = length;
    element.isBigEndian = isBig;
    element.isImplicitVr = (encoding & explicitVr) === 0;
    element.depth = this.#stack.depth;
    this.#headerBytes = headerBytes;
    this.#hasOddVr = false;
    return true;
  }

  /**
   * An element of a data set with explicit VRs whose VR does not exist. Two capital letters may be a VR of the future, which has
   * a long length (PS3.5 §7.1.2) as its reserved bytes show; otherwise some writers leave the VR out or fill it with anything.
   */
  #readOddHeader(tag: number, vr: number, isBig: boolean): boolean {
    const { bytes, start, position, length: available } = this.#window;
    const implicitLength = readUint32(bytes, start + 4, isBig);
    const element = this.#element;
    element.vr = this.#resolveVr(dictionaryVr(tag));
    this.#headerBytes = 8;
    if (
      isLetter(vr >> 8) &&
      isLetter(vr & 0xff) &&
      bytes[start + 6] === 0 &&
      bytes[start + 7] === 0
    ) {
      if (available < 12) {
        this.neededBytes = 12;
        return false;
      }
      this.#headerBytes = 12;
      element.length = readUint32(bytes, start + 8, isBig);
    } else if (implicitLength === undefinedLength || implicitLength <= 0xffff) {
      element.length = implicitLength;
    } else {
      element.length = readUint16(bytes, start + 6, isBig);
    }
    element.tag = tag;
    this.#hasOddVr = true;
    element.offset = position + this.#headerBytes;
    element.isBigEndian = isBig;
    element.isImplicitVr = false;
    element.depth = this.#stack.depth;
    return true;
  }

  #resolveVr(vr: VrCode): VrCode {
    if (vr === ambiguousVr.ox || vr === ambiguousVr.lt) return vrCodes.OW;
    if (vr === ambiguousVr.xs) return this.#isSignedPixel ? vrCodes.SS : vrCodes.US;
    return vr;
  }

  /** Reports the element of the last header; false when its value is not whole yet, or is being leapt over. */
  #readValue(): boolean {
    const element = this.#element;
    const window = this.#window;
    const headerBytes = this.#headerBytes;
    if (element.length === undefinedLength) return this.#openDelimited();
    const end = element.offset + element.length;
    if (end > this.#stack.bound) throw overrun(element.tag);
    const isUnknown = element.vr === vrCodes.UN;
    if (isUnknown && !this.#revealUnknown()) return false;
    if (element.vr === vrCodes.SQ) {
      this.#openSequence(end, isUnknown ? 0 : this.#stack.encoding);
      return true;
    }
    if (this.#isBulk()) {
      this.#acceptElement();
      window.consume(headerBytes);
      this.#visitor.onBulkValue(element);
      if (this.#isExtendedOffsetTable()) this.#captureTable(element.length);
      else window.skip(element.length);
      return window.skippableBytes === 0;
    }
    const length = headerBytes + element.length;
    if (window.length < length) {
      if (length > limits.headerBytesMax) {
        throw new GantryError('limit-exceeded', `${tagText(element.tag)} of ${length} bytes`);
      }
      this.neededBytes = length;
      return false;
    }
    this.#acceptElement();
    const value = window.bytes.subarray(window.start + headerBytes, window.start + length);
    if (element.tag === pixelRepresentationTag && element.depth === 0) {
      this.#isSignedPixel = readUint16(value, 0, element.isBigEndian) === 1;
    }
    this.#visitor.onValue(element, value);
    if (this.#isExtendedOffsetTable()) this.#visitor.onOffsetTable(element.tag, value);
    window.consume(length);
    return true;
  }

  /** The element of the last header is whole as far as it is looked at: called once for each. */
  #acceptElement(): void {
    const { tag } = this.#element;
    this.#countElement();
    if (this.#stack.level === 0) this.#lastRootTag = tag;
    if (this.#hasOddVr) this.#visitor.onWarning(tag, 'the VR is invalid');
  }

  #countElement(): void {
    if (++this.#elementCount > limits.elementCountMax) {
      throw new GantryError('limit-exceeded', `more than ${limits.elementCountMax} elements`);
    }
  }

  #isBulk(): boolean {
    const { tag, vr, length, depth } = this.#element;
    if (depth === 0 && length > 0) {
      if (tag === pixelDataTag || tag === floatPixelDataTag || tag === doubleFloatPixelDataTag) {
        return true;
      }
    }
    return length > inlineBytesMax(vr);
  }

  #isExtendedOffsetTable(): boolean {
    const { tag, depth } = this.#element;
    return depth === 0 && (tag === extendedOffsetTableTag || tag === extendedOffsetTableLengthsTag);
  }

  /**
   * An attribute sent as UN by a sender that did not know it has its dictionary's VR, when that is known here. A sequence among
   * them is encoded in implicit VR (PS3.5 §6.2.2). False when it takes more bytes to tell.
   */
  #revealUnknown(): boolean {
    const element = this.#element;
    if (element.isBigEndian || element.length > knownUnBytesMax) return true;
    const vr = this.#resolveVr(dictionaryVr(element.tag));
    if (vr !== vrCodes.SQ || element.length === 0) {
      element.vr = vr;
      return true;
    }
    if (element.length < 8) return true;
    const { bytes, start, length } = this.#window;
    const first = start + this.#headerBytes;
    if (length < this.#headerBytes + 4) {
      this.neededBytes = this.#headerBytes + 4;
      return false;
    }
    const tag = (readUint16(bytes, first, false) << 16) | readUint16(bytes, first + 2, false);
    if (tag >>> 0 === itemTag) element.vr = vr;
    return true;
  }

  #openSequence(end: number, encoding: Encoding): void {
    const element = this.#element;
    element.vr = vrCodes.SQ;
    this.#acceptElement();
    this.#window.consume(this.#headerBytes);
    this.#stack.push(end, encoding);
    this.#visitor.onSequenceStart(element);
  }

  /** A value of undefined length: a sequence, or fragments of pixel data (PS3.5 §7.5, §A.4). */
  #openDelimited(): boolean {
    const element = this.#element;
    element.length = -1;
    const isExplicit = (this.#stack.encoding & explicitVr) !== 0;
    const isFragmented =
      element.tag === pixelDataTag || (isBinaryVr(element.vr) && element.vr !== vrCodes.UN);
    if (isFragmented) {
      this.#acceptElement();
      this.#window.consume(this.#headerBytes);
      this.#mode = 'fragments';
      this.#hasSeenOffsetTable = false;
      this.#visitor.onBulkValue(element);
      return true;
    }
    if (isExplicit && element.vr !== vrCodes.UN && element.vr !== vrCodes.SQ) {
      throw new GantryError('malformed', `${tagText(element.tag)} has an undefined length`);
    }
    this.#openSequence(Infinity, element.vr === vrCodes.UN ? 0 : this.#stack.encoding);
    return true;
  }

  get #isInPixelData(): boolean {
    return this.#element.tag === pixelDataTag && this.#element.depth === 0;
  }

  /** Reads the header of one fragment item; false when it is not whole yet, or its value is being leapt over. */
  #readFragmentHeader(): boolean {
    const window = this.#window;
    const { bytes, start, position, length: available } = window;
    if (available < 8) return false;
    const isBig = this.#element.isBigEndian;
    const tag =
      ((readUint16(bytes, start, isBig) << 16) | readUint16(bytes, start + 2, isBig)) >>> 0;
    const length = readUint32(bytes, start + 4, isBig);
    if (tag === sequenceDelimiterTag) {
      window.consume(8);
      this.#mode = 'elements';
      this.#visitor.onFragmentsEnd(this.#element, position);
      return true;
    }
    if (tag !== itemTag || length === undefinedLength) {
      throw new GantryError('malformed', `${tagText(tag)} among the fragments`);
    }
    if (position + 8 + length > this.#stack.bound) throw overrun(tag);
    if (++this.#fragmentCount > limits.fragmentCountMax) {
      throw new GantryError('limit-exceeded', `more than ${limits.fragmentCountMax} fragments`);
    }
    if (!this.#isInPixelData) window.consume(8);
    else if (!this.#hasSeenOffsetTable) {
      this.#hasSeenOffsetTable = true;
      window.consume(8);
      this.#captureTable(length);
      return true;
    } else {
      if (length >= 4 && available < 12) {
        this.neededBytes = 12;
        return false;
      }
      window.consume(8);
      const firstBytes = length < 4 ? 0 : readUint32(bytes, start + 8, readBigEndian);
      this.#visitor.onFragment(position + 8, length, firstBytes);
    }
    window.skip(length);
    return window.skippableBytes === 0;
  }

  #captureTable(length: number): void {
    if (length > limits.frameCountMax * 8) {
      throw new GantryError('limit-exceeded', `an offset table of ${length} bytes`);
    }
    this.#table.start(length);
    this.#mode = 'offset-table';
  }

  /** Collects bytes of an offset table; false while some are missing. */
  #readOffsetTable(): boolean {
    const window = this.#window;
    const count = Math.min(this.#table.missingBytes, window.length);
    this.#table.append(window.bytes.subarray(window.start, window.start + count));
    window.consume(count);
    if (this.#table.missingBytes > 0) return false;
    this.#mode = this.#isInPixelData ? 'fragments' : 'elements';
    this.#visitor.onOffsetTable(this.#element.tag, this.#table.take());
    return true;
  }
}

function overrun(tag: number): GantryError {
  return new GantryError('malformed', `${tagText(tag)} goes beyond the end of its sequence`);
}

function isLetter(character: number): boolean {
  return character >= 0x41 && character <= 0x5a;
}
