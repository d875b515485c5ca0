/** Room for a value that each instance fills; a name may have several places (SOP Instance UID has). */
export interface TemplateSlot {
  readonly name: string;
  readonly offset: number;
  readonly lengthBytes: number;
}

/** One data element of a template: a literal value, or a named slot of fixed length that each instance fills. */
export type ElementValue =
  string | Buffer | readonly number[] | { readonly slot: string; readonly lengthBytes: number };

const LONG_LENGTH_VRS = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'UC', 'UN', 'UR', 'UT']);
const SPACE = Buffer.from(' ');
const NUL = Buffer.alloc(1);

/**
 * Appends data elements in Explicit VR Little Endian (PS3.5 §7.1.2) and remembers where the named slots lie. The caller gives
 * the elements in ascending tag order.
 */
export class ElementWriter {
  #bytes = Buffer.alloc(8192);
  #length = 0;
  readonly #slots: TemplateSlot[] = [];

  /** Number of bytes written so far. */
  get lengthBytes(): number {
    return this.#length;
  }

  /** Appends bytes that are not an element: preamble, prefix. */
  raw(bytes: Buffer): void {
    this.#reserve(bytes.length);
    bytes.copy(this.#bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Appends one element; numbers are written in the width of the VR (US, SS, UL). */
  element(tag: number, vr: string, value: ElementValue): void {
    if (typeof value === 'object' && 'slot' in value) {
      this.header(tag, vr, value.lengthBytes);
      const { slot: name, lengthBytes } = value;
      this.#slots.push({ name, offset: this.#length, lengthBytes });
      this.raw(Buffer.alloc(lengthBytes));
      return;
    }
    const bytes = encodeValue(vr, value);
    this.header(tag, vr, bytes.length + (bytes.length % 2));
    this.raw(bytes);
    if (bytes.length % 2 === 1) this.raw(vr === 'UI' || vr === 'OB' ? NUL : SPACE);
  }

  /** Appends a sequence of defined length with one item per function (PS3.5 §7.5). */
  sequence(tag: number, items: readonly (() => void)[]): void {
    this.header(tag, 'SQ', 0);
    const sequenceStart = this.#length;
    for (const writeItem of items) {
      this.#tag(0xfffee000);
      this.raw(Buffer.alloc(4));
      const itemStart = this.#length;
      writeItem();
      this.patchLength(itemStart - 4, this.#length - itemStart);
    }
    this.patchLength(sequenceStart - 4, this.#length - sequenceStart);
  }

  /** Appends tag, VR and length of an element whose value follows by other means. */
  header(tag: number, vr: string, lengthBytes: number): void {
    this.#tag(tag);
    const long = LONG_LENGTH_VRS.has(vr);
    const rest = Buffer.alloc(long ? 8 : 4);
    rest.write(vr, 0, 'latin1');
    if (long) rest.writeUInt32LE(lengthBytes, 4);
    else rest.writeUInt16LE(lengthBytes, 2);
    this.raw(rest);
  }

  /** Overwrites a 32-bit length once it is known. */
  patchLength(offset: number, lengthBytes: number): void {
    this.#bytes.writeUInt32LE(lengthBytes, offset);
  }

  /** The written bytes and the slots in them, in order of their offsets. */
  finish(): { bytes: Buffer; slots: readonly TemplateSlot[] } {
    return { bytes: Buffer.from(this.#bytes.subarray(0, this.#length)), slots: this.#slots };
  }

  #tag(tag: number): void {
    this.#reserve(4);
    this.#bytes.writeUInt16LE(tag >>> 16, this.#length);
    this.#bytes.writeUInt16LE(tag & 0xffff, this.#length + 2);
    this.#length += 4;
  }

  #reserve(extraBytes: number): void {
    if (this.#length + extraBytes <= this.#bytes.length) return;
    const grown = Buffer.alloc((this.#length + extraBytes) * 2);
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

function encodeValue(vr: string, value: string | Buffer | readonly number[]): Buffer {
  if (typeof value === 'string') return Buffer.from(value, 'latin1');
  if (Buffer.isBuffer(value)) return value;
  const width = vr === 'UL' || vr === 'SL' || vr === 'FL' ? 4 : 2;
  const bytes = Buffer.alloc(value.length * width);
  value.forEach((number, index) => {
    if (vr === 'UL') bytes.writeUInt32LE(number, index * width);
    else if (vr === 'SS') bytes.writeInt16LE(number, index * width);
    else bytes.writeUInt16LE(number, index * width);
  });
  return bytes;
}
