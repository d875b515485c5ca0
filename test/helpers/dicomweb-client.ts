/** A DICOMweb client that shares no code with the server. */

export interface JsonElement {
  readonly vr: string;
  readonly Value?: readonly unknown[];
  readonly BulkDataURI?: string;
  readonly InlineBinary?: string;
}

export type JsonDataSet = Readonly<Record<string, JsonElement>>;

export interface StowResult {
  readonly status: number;
  readonly dataSet: JsonDataSet;
}

export interface BodyPart {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const boundary = 'e8b1c3f0-1f5a-4c07-9a43-test-boundary';

/** The body of a Store request of Part 10 files, as dicomweb-client writes it. */
export function multipartBody(files: readonly Uint8Array[]): Buffer {
  const pieces: Uint8Array[] = [];
  for (const file of files) {
    pieces.push(Buffer.from(`\r\n--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`), file);
  }
  return Buffer.concat([...pieces, Buffer.from(`\r\n--${boundary}--`)]);
}

export const stowContentType = `multipart/related; type="application/dicom"; boundary="${boundary}"`;

export async function stow(
  dicomwebUrl: string,
  files: readonly Uint8Array[],
  studyInstanceUid?: string,
): Promise<StowResult> {
  const path = studyInstanceUid === undefined ? 'studies' : `studies/${studyInstanceUid}`;
  const response = await fetch(`${dicomwebUrl}/${path}`, {
    method: 'POST',
    headers: { 'content-type': stowContentType },
    body: multipartBody(files),
  });
  const text = await response.text();
  const isDataSet = response.headers.get('content-type') === 'application/dicom+json';
  return { status: response.status, dataSet: isDataSet ? (JSON.parse(text) as JsonDataSet) : {} };
}

/** Rows of a search; an empty list for 204. */
export async function qido(dicomwebUrl: string, path: string): Promise<JsonDataSet[]> {
  const response = await fetch(`${dicomwebUrl}/${path}`, {
    headers: { accept: 'application/dicom+json' },
  });
  if (response.status === 204) return [];
  if (response.status !== 200) throw new Error(`${path}: ${response.status}`);
  return (await response.json()) as JsonDataSet[];
}

/** Parts of a multipart retrieve. */
export async function retrieve(
  dicomwebUrl: string,
  path: string,
  accept: string,
): Promise<BodyPart[]> {
  const response = await fetch(`${dicomwebUrl}/${path}`, { headers: { accept } });
  const body = Buffer.from(await response.arrayBuffer());
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${body.toString()}`);
  return splitParts(body, response.headers.get('content-type') ?? '');
}

export const acceptStoredInstances =
  'multipart/related; type="application/dicom"; transfer-syntax=*';
export const acceptStoredFrames =
  'multipart/related; type=application/octet-stream; transfer-syntax=*';

export function splitParts(body: Buffer, contentType: string): BodyPart[] {
  const match = /boundary="?([^";]+)"?/.exec(contentType);
  if (match === null) throw new Error(`no boundary in ${contentType}`);
  const delimiter = Buffer.from(`--${match[1]}`);
  const parts: BodyPart[] = [];
  let position = body.indexOf(delimiter);
  for (;;) {
    position += delimiter.length;
    if (body.subarray(position, position + 2).toString() === '--') return parts;
    const headerEnd = body.indexOf('\r\n\r\n', position);
    const next = body.indexOf(delimiter, headerEnd);
    if (headerEnd < 0 || next < 0) throw new Error('the multipart body has no end');
    parts.push({
      headers: parseHeaders(body.subarray(position + 2, headerEnd).toString()),
      body: body.subarray(headerEnd + 4, next - 2),
    });
    position = next;
  }
}

function parseHeaders(block: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of block.split('\r\n')) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return headers;
}
