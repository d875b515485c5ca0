import type { OperationYield } from '../harness/closed-loop.js';
import type { HttpConnection } from '../harness/http-connection.js';
import type { RunningPeer } from '../peers/peer.js';
import type { ReadOperation } from './reading-case.js';

/**
 * Does one reading request and drops its body.
 *
 * @throws Error when it is not answered with 200
 */
export async function requestOperation(
  connection: HttpConnection,
  { dicomWebPath }: Pick<RunningPeer, 'dicomWebPath'>,
  { path, accept }: Pick<ReadOperation, 'path' | 'accept'>,
): Promise<OperationYield> {
  const response = await connection.request({
    method: 'GET',
    target: dicomWebPath + path,
    headerLines: [`Accept: ${accept}`],
    keepBody: false,
  });
  if (response.status !== 200) throw new Error(`a read answered ${response.status}`);
  return { units: 1, bytes: response.bodyBytes };
}
