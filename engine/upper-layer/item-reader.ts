import { trimUid } from '#engine/base/uid.js';
import { limits } from '#engine/base/limits.js';
import { abortReason, InvalidPduError } from './pdu-types.js';

/** Reads one item or sub-item after the other: type, reserved byte, 16-bit length, value (PS3.8 §9.3.2). */
export class ItemReader {
  readonly #bytes: Buffer;
  #position = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** The next item, or undefined at the end. The value is a view. */
  next(): { readonly type: number; readonly value: Buffer } | undefined {
    if (this.#position === this.#bytes.length) return undefined;
    if (this.#bytes.length - this.#position < 4) throw tooShort('item header');
    const type = this.#bytes[this.#position] as number;
    const start = this.#position + 4;
    const end = start + this.#bytes.readUInt16BE(this.#position + 2);
    if (end > this.#bytes.length) throw tooShort(`item ${type.toString(16)}`);
    this.#position = end;
    return { type, value: this.#bytes.subarray(start, end) };
  }
}

/** A UID value of an item; padding is tolerated. */
export function uidOf(value: Buffer): string {
  const uid = trimUid(value.toString('latin1'));
  if (uid.length > limits.uidLengthMax) {
    throw new InvalidPduError(abortReason.invalidParameterValue, 'UID is too long');
  }
  return uid;
}

/** The error of an item whose declared length does not fit. */
export function tooShort(what: string): InvalidPduError {
  return new InvalidPduError(abortReason.invalidParameterValue, `${what} is cut short`);
}
