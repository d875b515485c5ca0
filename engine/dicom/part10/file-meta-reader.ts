import { GantryError } from '#engine/base/error-catalogue.js';
import { limits } from '#engine/base/limits.js';
import { isUid, trimUid } from '#engine/base/uid.js';
import { tagText } from '#engine/dicom/dictionary/dictionary.js';
import { findTransferSyntax } from '#engine/dicom/dictionary/transfer-syntaxes.js';
import { hasLongLength } from '#engine/dicom/dictionary/vr.js';
import type { InputWindow } from './input-window.js';
import { looksExplicit } from './recognise-start.js';

const groupLengthTag = 0x00020000;
const transferSyntaxTag = 0x00020010;

/**
 * Reads the File Meta Information, PS3.10 §7.1. Its end is the first element of another group: Group Length is often missing
 * or wrong and is believed only where the data set after it is deflated and has no visible tags.
 */
export class FileMetaReader {
  /** (0002,0010), undefined while or when there is no valid one. */
  transferSyntaxUid: string | undefined;
  /** Why (0002,0000) is not to be believed; empty when it is right. */
  groupLengthFault = '';
  readonly #window: InputWindow;
  readonly #start: number;
  #declaredEnd: number | undefined;

  constructor(window: InputWindow) {
    this.#window = window;
    this.#start = window.position;
  }

  /** True when the window is at the first byte after the group; false when it takes more bytes to tell. */
  read(isLast: boolean): boolean {
    for (;;) {
      const { bytes, start, length, position } = this.#window;
      if (position - this.#start > limits.fileMetaBytesMax) {
        throw new GantryError('limit-exceeded', 'the File Meta Information is too long');
      }
      if (position === this.#declaredEnd && this.#isDeflated()) return true;
      if (length < 8) {
        if (!isLast) return false;
        return this.#finish();
      }
      if (bytes[start] !== 0x02 || bytes[start + 1] !== 0x00) return this.#finish();
      if (!this.#readElement()) return false;
    }
  }

  #isDeflated(): boolean {
    const uid = this.transferSyntaxUid;
    return uid !== undefined && findTransferSyntax(uid)?.isDeflated === true;
  }

  #finish(): boolean {
    if (this.#declaredEnd === undefined) this.groupLengthFault = 'Group Length is missing';
    else if (this.#declaredEnd !== this.#window.position) {
      this.groupLengthFault = 'Group Length is wrong';
    }
    return true;
  }

  /** Reads an element of group 0002; false when it is not whole yet. */
  #readElement(): boolean {
    const { bytes, start, length } = this.#window;
    const view = new DataView(bytes.buffer, bytes.byteOffset + start, length);
    const tag = ((0x0002 << 16) | view.getUint16(2, true)) >>> 0;
    let headerBytes = 8;
    let valueBytes: number;
    if (!looksExplicit(bytes, start)) {
      // Either written without VRs, or with one that does not exist.
      valueBytes = view.getUint32(4, true);
      if (valueBytes > limits.fileMetaBytesMax) valueBytes = view.getUint16(6, true);
    } else if (!hasLongLength(view.getUint16(4, false))) valueBytes = view.getUint16(6, true);
    else {
      headerBytes = 12;
      if (length < headerBytes) return false;
      valueBytes = view.getUint32(8, true);
    }
    if (valueBytes > limits.fileMetaBytesMax) {
      throw new GantryError('limit-exceeded', `${tagText(tag)} of ${valueBytes} bytes`);
    }
    if (length < headerBytes + valueBytes) return false;
    if (tag === groupLengthTag && valueBytes === 4) {
      this.#declaredEnd =
        this.#window.position + headerBytes + 4 + view.getUint32(headerBytes, true);
    } else if (tag === transferSyntaxTag) {
      const valueStart = start + headerBytes;
      const uid = trimUid(
        String.fromCharCode(...bytes.subarray(valueStart, valueStart + Math.min(valueBytes, 128))),
      );
      if (isUid(uid)) this.transferSyntaxUid = uid;
    }
    this.#window.consume(headerBytes + valueBytes);
    return true;
  }
}
