import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { encodeAbort, encodeAssociateReject } from '#engine/upper-layer/pdu-writer.js';
import { defaultScuTimeouts, requestAssociation } from '#src/dimse/scu/association-requestor.js';
import { proposalOf } from '#src/dimse/scu/dimse-client.js';
import { until, verification } from '#test/helpers/dimse-fixture.js';

/** PS3.8 Table 9-21, every row, with the words of the log. */
const rejections: readonly (readonly [source: number, reason: number, text: string])[] = [
  [1, 1, '1: service-user, 1: no-reason-given'],
  [1, 2, '1: service-user, 2: application-context-name-not-supported'],
  [1, 3, '1: service-user, 3: calling-AE-title-not-recognized'],
  [1, 7, '1: service-user, 7: called-AE-title-not-recognized'],
  [2, 1, '2: service-provider (ACSE), 1: no-reason-given'],
  [2, 2, '2: service-provider (ACSE), 2: protocol-version-not-supported'],
  [3, 1, '3: service-provider (presentation), 1: temporary-congestion'],
  [3, 2, '3: service-provider (presentation), 2: local-limit-exceeded'],
  [3, 9, '3: service-provider (presentation), 9: unknown reason'],
];

/** PS3.8 Table 9-26. */
const aborts: readonly (readonly [source: number, reason: number, text: string])[] = [
  [0, 0, '0: service-user, 0: reason-not-specified'],
  [2, 0, '2: service-provider, 0: reason-not-specified'],
  [2, 1, '2: service-provider, 1: unrecognized-PDU'],
  [2, 2, '2: service-provider, 2: unexpected-PDU'],
  [2, 4, '2: service-provider, 4: unrecognized-PDU-parameter'],
  [2, 5, '2: service-provider, 5: unexpected-PDU-parameter'],
  [2, 6, '2: service-provider, 6: invalid-PDU-parameter-value'],
  [1, 3, '1: unknown source, 3: unknown reason'],
];

/** A peer that answers every request for an association with these bytes. */
async function startPeer(t: TestContext, answer: Buffer): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(answer));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** What is logged, and the detail of the error, when the peer gives that answer. */
async function logOf(t: TestContext, answer: Buffer): Promise<{ lines: string[]; detail: string }> {
  const lines: string[] = [];
  const warn = (_fields: object, text: string): void => void lines.push(text);
  const port = await startPeer(t, answer);
  let detail = '';
  try {
    await requestAssociation({
      target: { host: '127.0.0.1', port, calledAeTitle: 'PEER', callingAeTitle: 'GANTRY' },
      proposal: proposalOf(verification),
      timeouts: defaultScuTimeouts,
      maximumLengthBytes: 0,
      logger: { debug: warn, info: warn, warn, error: warn },
    });
  } catch (error) {
    detail = (error as { detail: string }).detail;
  }
  await until(() => lines.length > 0, 'a line of the log');
  return { lines, detail };
}

test('PS3.8 §9.3.4: every rejection of a peer is logged with its numbers and their names', async (t) => {
  for (const [result, name] of [
    [1, 'rejected-permanent'],
    [2, 'rejected-transient'],
  ] as const) {
    for (const [source, reason, text] of rejections) {
      const { lines, detail } = await logOf(t, encodeAssociateReject({ result, source, reason }));
      assert.deepEqual(lines, [`association rejected by peer ${result}: ${name}, ${text}`]);
      assert.ok(detail.startsWith(`rejected ${result}/${source}/${reason}: `), detail);
      assert.ok(detail.length <= 64, 'fits an Error Comment');
    }
  }
});

test('PS3.8 §9.3.8: every abort of a peer is logged with its numbers and their names', async (t) => {
  for (const [source, reason, text] of aborts) {
    const { lines, detail } = await logOf(t, encodeAbort({ source, reason }));
    assert.equal(lines[0], `association aborted by peer ${text}`);
    assert.ok(detail.includes(text), detail);
  }
});
