import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MessageReader } from '#engine/dimse/message-reader.js';
import { MessageWriter } from '#engine/dimse/message-writer.js';
import { pdvHeaderBytes } from '#engine/upper-layer/pdu-types.js';
import { recordPdus } from '#test/helpers/pdu-recorder.js';

test('PS3.8 §D.1: messages keep within the maximum length of the peer and read back as written', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 8, max: 400 }),
      fc.array(fc.uint8Array({ maxLength: 500 }), { minLength: 1, maxLength: 5 }),
      (maximumLengthBytes, pieces) => {
        const sent: Buffer[] = [];
        const writer = new MessageWriter(maximumLengthBytes, (bytes) => {
          sent.push(Buffer.from(bytes));
        });
        writer.writeCommand(5, { commandField: 1, messageId: 7, commandDataSetType: 0 });
        pieces.forEach((piece, index) => {
          writer.writeDataSet(5, index === pieces.length - 1, piece);
        });
        const stream = Buffer.concat(sent);
        assertPduLengths(stream, maximumLengthBytes);

        const received: Buffer[] = [];
        let endCount = 0;
        const reader = new MessageReader({
          onCommand: (contextId, command, hasDataSet) => {
            assert.deepEqual([contextId, command.messageId, hasDataSet], [5, 7, true]);
          },
          onDataSetFragment: (bytes) => received.push(Buffer.from(bytes)),
          onDataSetEnd: () => endCount++,
        });
        for (const event of recordPdus([stream])) {
          if (event.kind === 'fragment') {
            reader.push(event.contextId, event.isCommand, event.isLast, event.bytes);
          }
        }
        assert.equal(endCount, 1);
        assert.deepEqual(Buffer.concat(received), Buffer.concat(pieces));
      },
    ),
  );
});

function assertPduLengths(stream: Buffer, maximumLengthBytes: number): void {
  let position = 0;
  while (position < stream.length) {
    const length = stream.readUInt32BE(position + 2);
    assert.ok(length <= maximumLengthBytes);
    assert.equal((length - pdvHeaderBytes) % 2 === 0 || length < maximumLengthBytes, true);
    position += 6 + length;
  }
  assert.equal(position, stream.length);
}
