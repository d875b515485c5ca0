import { createHash } from 'node:crypto';
import { assert } from '#engine/base/assert.js';

/** Header fields of a part after `Content-Type`. */
export type PartHeaderFields = readonly (readonly [name: string, value: string])[];

/**
 * The bytes between the parts of a multipart/related response (RFC 2387), in the form that real clients parse: no preamble, the
 * first delimiter without a CRLF before it, `Content-Type` in that spelling as the first header of each part, and a boundary that
 * does not occur in pixel data. All of it follows from the key and the part headers, so that the length of a response is known
 * before its first byte, and ranges of repeated requests fit together.
 */
export class MultipartRelatedWriter {
  /** 64 hexadecimal digits, within the 70 characters of RFC 2046 §5.1.1, and without characters that need quotes. */
  readonly boundary: string;
  /** Value of the response's `Content-Type`. */
  readonly contentType: string;
  /** Closes the multipart, after the last part. */
  readonly end: Uint8Array;

  /** `key` identifies the representation, e.g. instance, frames and transfer syntax; `type` is the media type of the parts. */
  constructor(key: string, type: string) {
    this.boundary = createHash('sha256').update(key).digest('hex');
    this.contentType = `multipart/related; type="${type}"; boundary=${this.boundary}`;
    this.end = Buffer.from(`\r\n--${this.boundary}--\r\n`, 'latin1');
  }

  /** Delimiter and headers of a part; `partIndex` counts from 0. */
  partHead(partIndex: number, contentType: string, others: PartHeaderFields = []): Uint8Array {
    let head = `${partIndex === 0 ? '' : '\r\n'}--${this.boundary}\r\n`;
    head += `Content-Type: ${contentType}\r\n`;
    for (const [name, value] of others) head += `${name}: ${value}\r\n`;
    head += '\r\n';
    const hasLineBreak = /[\r\n]/.test(contentType) || others.some((o) => /[\r\n]/.test(o.join()));
    assert(!hasLineBreak, 'part headers hold no line break');
    return Buffer.from(head, 'latin1');
  }
}
