/**
 * The part of a browser's XMLHttpRequest that dicomweb-client uses, over `fetch`: headers set twice are joined as browsers join
 * them.
 */
export class FetchingXmlHttpRequest {
  responseType = '';
  readyState = 0;
  status = 0;
  response: unknown = null;
  onreadystatechange: (() => void) | undefined;
  readonly #headers = new Headers();
  #received = new Headers();
  #method = 'GET';
  #url = '';

  open(method: string, url: string): void {
    this.#method = method.toUpperCase();
    this.#url = url;
  }

  setRequestHeader(name: string, value: string): void {
    this.#headers.append(name, value);
  }

  getResponseHeader(name: string): string | null {
    return this.#received.get(name);
  }

  getAllResponseHeaders(): string {
    return [...this.#received].map(([name, value]) => `${name}: ${value}\r\n`).join('');
  }

  send(body: Uint8Array | string | null = null): void {
    void this.#exchange(body).then(() => {
      this.readyState = 4;
      this.onreadystatechange?.();
    });
  }

  async #exchange(body: Uint8Array | string | null): Promise<void> {
    try {
      const answer = await fetch(this.#url, { method: this.#method, headers: this.#headers, body });
      const bytes = await answer.arrayBuffer();
      this.#received = answer.headers;
      this.status = answer.status;
      this.response = this.responseType === 'json' ? parseOrNull(bytes) : bytes;
    } catch {
      this.status = 0;
    }
  }
}

/** A browser gives null for what is no JSON. */
function parseOrNull(bytes: ArrayBuffer): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return null;
  }
}
