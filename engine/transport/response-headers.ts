import { assert } from '#engine/base/assert.js';
import type { HttpHeaders } from './http-transport.js';

/**
 * RFC 9110 §5.5: what may stand in a field value. A line break in one would let a peer write headers of its own, so it is our
 * bug to have let it come this far.
 */
export function assertHeaders(headers: HttpHeaders): void {
  for (const [name, value] of headers) {
    assert(/^[\w!#$%&'*+.^`|~-]+$/.test(name), 'a header name is a token');
    assert(/^[\t\x20-\x7e\x80-\xff]*$/.test(value), 'a header value holds no control character');
  }
}
