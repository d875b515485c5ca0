/** The headers of one request: few, and most of them never asked for, so a flat list that is scanned. */
export class RequestHeaders {
  readonly #namesAndValues: string[] = [];

  /** `name` in lower case. */
  add(name: string, value: string): void {
    this.#namesAndValues.push(name, value);
  }

  /** Value of the header; repeated headers are joined with `, ` (RFC 9110 §5.3). */
  get(name: string): string | undefined {
    const list = this.#namesAndValues;
    let value: string | undefined;
    for (let i = 0; i < list.length; i += 2) {
      if (list[i] === name) value = value === undefined ? list[i + 1] : `${value}, ${list[i + 1]}`;
    }
    return value;
  }

  /** RFC 9112 §6.3: a request has a body when it says how long it is, in either way. */
  get announcesBody(): boolean {
    if (this.get('transfer-encoding') !== undefined) return true;
    const contentLength = this.get('content-length');
    return contentLength !== undefined && contentLength !== '0';
  }
}
