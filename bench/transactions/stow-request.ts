import type { CorpusInstance } from '../corpus/corpus.js';
import type { OperationYield } from '../harness/closed-loop.js';
import type { HttpConnection } from '../harness/http-connection.js';
import type { RunningPeer } from '../peers/peer.js';

const BOUNDARY = 'bench-boundary-7d4a1c';
const PART_HEAD = Buffer.from(`--${BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n`);
const PART_END = Buffer.from('\r\n');
const CLOSE = Buffer.from(`--${BOUNDARY}--\r\n`);
/** Header lines of a store request whose body is that of {@link storeBody}. */
export const storeHeaderLines: readonly string[] = [
  `Content-Type: multipart/related; type="application/dicom"; boundary=${BOUNDARY}`,
  'Accept: application/dicom+json',
];
const REFERENCED_SOP_SEQUENCE = '00081199';

/** The body of a store request, in pieces. */
export function storeBody(instances: readonly CorpusInstance[]): Buffer[] {
  const parts = instances.map(({ header, pixelData }) => [PART_HEAD, header, pixelData, PART_END]);
  return [...parts.flat(), CLOSE];
}

/**
 * Stores instances in one request (PS3.18 §10.5) and checks that each of them was accepted.
 *
 * @throws Error when the status is not 200 or the response does not reference every instance
 */
export async function storeInstances(
  connection: HttpConnection,
  { dicomWebPath }: Pick<RunningPeer, 'dicomWebPath'>,
  instances: readonly CorpusInstance[],
): Promise<OperationYield> {
  const body = storeBody(instances);
  const bytes = instances.reduce(
    (sum, { header, pixelData }) => sum + header.length + pixelData.length,
    0,
  );
  const response = await connection.request({
    method: 'POST',
    target: `${dicomWebPath}/studies`,
    headerLines: storeHeaderLines,
    body,
    keepBody: true,
  });
  if (response.status !== 200) throw new Error(`STOW answered ${response.status}`);
  const answer = JSON.parse(response.body.toString('utf8')) as Record<
    string,
    { Value?: unknown[] }
  >;
  const storedCount = answer[REFERENCED_SOP_SEQUENCE]?.Value?.length ?? 0;
  if (storedCount !== instances.length)
    throw new Error(`STOW stored ${storedCount} of ${instances.length} instances`);
  return { units: instances.length, bytes };
}
