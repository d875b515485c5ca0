import type { Corpus, CorpusInstance } from '../corpus/corpus.js';
import type { LoadResult } from '../harness/closed-loop.js';
import { HttpConnection } from '../harness/http-connection.js';
import type { RunningPeer } from '../peers/peer.js';
import { firstPart } from './multipart-answer.js';

const SAMPLE_COUNT = 3;

/**
 * Retrieves a few of the first `storedCount` instances of a corpus and compares their data sets, byte for byte, with what was
 * sent. The file meta information is left out: after a C-STORE it is the server's own.
 *
 * @returns the load result with every mismatch added to its errors
 */
export async function verifyStored(
  peer: RunningPeer,
  corpus: Corpus,
  storedCount: number,
  result: LoadResult,
): Promise<LoadResult> {
  const problems: string[] = [];
  const connection = new HttpConnection(peer.httpPort);
  for (let sample = 0; sample < Math.min(SAMPLE_COUNT, storedCount); sample++) {
    const instance = corpus.instance(Math.floor((sample * (storedCount - 1)) / SAMPLE_COUNT));
    const { status, part } = await readBack(peer, connection, instance);
    const dataSet = Buffer.concat([
      instance.header.subarray(instance.dataSetOffset),
      instance.pixelData,
    ]);
    if (status !== 200) problems.push(`stored instance answered ${status}`);
    else if (!part.subarray(part.length - dataSet.length).equals(dataSet))
      problems.push('stored data set differs from what was sent');
  }
  connection.close();
  return {
    ...result,
    errorCount: result.errorCount + problems.length,
    errorSamples: [...new Set([...result.errorSamples, ...problems])],
  };
}

async function readBack(
  peer: RunningPeer,
  connection: HttpConnection,
  { studyInstanceUid, seriesInstanceUid, sopInstanceUid }: CorpusInstance,
): Promise<{ readonly status: number; readonly part: Buffer }> {
  if (peer.readStored !== undefined) return { status: 200, part: peer.readStored(sopInstanceUid) };
  const response = await connection.request({
    method: 'GET',
    target: `${peer.dicomWebPath}/studies/${studyInstanceUid}/series/${seriesInstanceUid}/instances/${sopInstanceUid}`,
    headerLines: ['Accept: multipart/related; type="application/dicom"; transfer-syntax=*'],
    keepBody: true,
  });
  return { status: response.status, part: firstPart(response) };
}
