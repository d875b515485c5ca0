import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { silentLogger } from '#engine/base/logger.js';
import { encodeCommandSet } from '#engine/dimse/command-set.js';
import type { TcpConnection } from '#engine/transport/tcp-connection.js';
import { encodeAssociateRequest, encodeReleaseRequest } from '#engine/upper-layer/pdu-writer.js';
import { createAcceptancePolicy } from '#src/dimse/application-entity.js';
import { AssociationHandler } from '#src/dimse/association-handler.js';
import { AssociationObserver } from '#src/dimse/association-observer.js';
import { AssociationInspector } from '#src/dimse/inspector/association-inspector.js';
import { CEchoScp } from '#src/dimse/c-echo-scp.js';
import { CStoreScp } from '#src/dimse/c-store-scp.js';
import { defaultDimseServiceOptions } from '#src/dimse/dimse-service.js';
import { associateRequest } from '#test/helpers/associate-pdus.js';
import { RecordingCounters } from '#test/helpers/dimse-fixture.js';
import { dataTransferPdu, recordPdus } from '#test/helpers/pdu-recorder.js';
import { RecordingStore } from '#test/helpers/recording-store.js';

const ctImageStorage = '1.2.840.10008.5.1.4.1.1.2';

/** A connection that keeps what is sent. */
class FakeConnection implements TcpConnection {
  readonly remoteAddress = '127.0.0.1';
  readonly isTls = false;
  readonly sent: Buffer[] = [];

  write(bytes: Uint8Array): boolean {
    this.sent.push(Buffer.from(bytes));
    return true;
  }

  pause(): void {
    // Chunks that were read already go on arriving, which is what this test does.
  }

  resume(): void {
    // As above.
  }

  close(): void {
    // The test says when the connection has closed.
  }

  destroy(): void {
    // As above.
  }
}

const storeCommand = encodeCommandSet({
  affectedSopClassUid: ctImageStorage,
  commandField: 1,
  messageId: 1,
  commandDataSetType: 0,
  affectedSopInstanceUid: '2.25.1',
});
const store = dataTransferPdu([
  { contextId: 1, control: 3, bytes: storeCommand },
  { contextId: 1, control: 0, bytes: Buffer.alloc(50, 1) },
  { contextId: 1, control: 2, bytes: Buffer.alloc(50, 2) },
]);
const stream = Buffer.concat([
  encodeAssociateRequest(associateRequest()),
  store,
  store,
  store,
  encodeReleaseRequest(),
]);

interface Mutation {
  readonly kind: 'set' | 'insert' | 'remove';
  readonly place: number;
  readonly bytes: Uint8Array;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom('set', 'insert', 'remove'),
  place: fc.nat(),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
});

function mutate(bytes: Buffer, { kind, place, bytes: given }: Mutation): Buffer {
  const at = place % bytes.length;
  const rest = at + (kind === 'insert' ? 0 : given.length);
  return Buffer.concat([
    bytes.subarray(0, at),
    kind === 'remove' ? Buffer.alloc(0) : given,
    bytes.subarray(rest),
  ]);
}

test('whatever a peer sends, the handler answers in PDUs and lets go of everything at the end', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(mutation, { maxLength: 5 }),
      fc.integer({ min: 1, max: 400 }),
      async (mutations, chunkLength) => {
        const bytes = mutations.reduce(mutate, stream);
        const recorded = new RecordingStore();
        const counters = new RecordingCounters();
        const connection = new FakeConnection();
        const handler = new AssociationHandler('test', connection, {
          admit: () => ({
            policy: createAcceptancePolicy(defaultDimseServiceOptions, () => 'available'),
            services: [
              (association) => new CEchoScp(association),
              (association) =>
                new CStoreScp(association, {
                  openStoreSession: recorded.openStoreSession,
                  partition: 0,
                  logger: silentLogger,
                }),
            ],
            isCommandPermitted: () => true,
          }),
          whenFree: () => Promise.resolve(),
          observer: new AssociationObserver(silentLogger, counters, new AssociationInspector(3)),
          logger: silentLogger,
          counters,
          maximumLengthBytes: 16_384,
          artimTimeoutMs: 60_000,
          idleTimeoutMs: 60_000,
        });
        for (let start = 0; start < bytes.length; start += chunkLength) {
          handler.onData(bytes.subarray(start, start + chunkLength));
        }
        await new Promise((resolve) => setImmediate(resolve));
        handler.onClose();

        assert.equal(handler.isEstablished, false);
        assert.equal(counters.ends.length, counters.accepted);
        assert.equal(recorded.closedCount, recorded.sessions.length);
        const answers = recordPdus(connection.sent);
        assert.ok(!answers.some((event) => event.kind === 'pdu' && event.name === 'invalid'));
        if (mutations.length === 0) {
          assert.equal(recorded.instances.length, 3);
          assert.deepEqual(counters.ends, ['released']);
        }
      },
    ),
    { numRuns: 500, examples: [[[], 7]] },
  );
});
