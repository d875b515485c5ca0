import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { test } from 'node:test';

import { makeIngestCorpus } from '#bench/corpus/corpora.js';
import { DicomScu } from '#bench/harness/dicom-scu.js';

const PDU_LENGTH_MAX_BYTES = 1000;
const corpus = makeIngestCorpus('tiny', 0, 2);

test('PS3.7 9.1.1 a C-STORE sends command and data set in PDUs the acceptor allows, and reads the status', async () => {
  const acceptor = new FakeAcceptor(0xa700);
  const scu = await DicomScu.associate(await acceptor.listen());
  const instance = corpus.instance(0);
  assert.equal(await scu.store(instance), 0xa700);
  await scu.release();
  acceptor.close();
  const sent = Buffer.concat([
    instance.header.subarray(instance.dataSetOffset),
    instance.pixelData,
  ]);
  assert.ok(Buffer.concat(acceptor.dataFragments).equals(sent));
  assert.ok(acceptor.longestPduBytes <= PDU_LENGTH_MAX_BYTES);
  assert.ok(acceptor.longestPduBytes > PDU_LENGTH_MAX_BYTES - 10);
});

/** An acceptor that takes one presentation context and answers every C-STORE with one status. */
class FakeAcceptor {
  readonly dataFragments: Buffer[] = [];
  longestPduBytes = 0;
  readonly #status: number;
  readonly #server: Server;

  constructor(status: number) {
    this.#status = status;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  async listen(): Promise<Parameters<typeof DicomScu.associate>[0]> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return {
      port: (this.#server.address() as AddressInfo).port,
      calledAeTitle: 'ACCEPTOR',
      callingAeTitle: 'BENCH',
      sopClassUids: [corpus.instance(0).sopClassUid],
      pduLengthMaxBytes: 128 * 1024,
    };
  }

  close(): void {
    this.#server.close();
  }

  #serve(socket: Socket): void {
    let received = Buffer.alloc(0);
    socket.on('data', (bytes: Buffer) => {
      received = Buffer.concat([received, bytes]);
      while (received.length >= 6 && received.length >= 6 + received.readUInt32BE(2)) {
        const end = 6 + received.readUInt32BE(2);
        this.#answer(socket, received.subarray(0, end));
        received = received.subarray(end);
      }
    });
  }

  #answer(socket: Socket, pdu: Buffer): void {
    const type = pdu[0];
    if (type === 0x01) socket.write(acceptPdu());
    else if (type === 0x05) socket.write(Buffer.from([0x06, 0, 0, 0, 0, 4, 0, 0, 0, 0]));
    else {
      this.longestPduBytes = Math.max(this.longestPduBytes, pdu.length - 6);
      const flags = pdu[11];
      if (flags === 0x00 || flags === 0x02) this.dataFragments.push(pdu.subarray(12));
      if (flags === 0x02) socket.write(statusPdu(this.#status));
    }
  }
}

function acceptPdu(): Buffer {
  const maximumLength = Buffer.alloc(8);
  maximumLength.set([0x51, 0, 0, 4]);
  maximumLength.writeUInt32BE(PDU_LENGTH_MAX_BYTES, 4);
  const body = Buffer.concat([
    Buffer.alloc(68),
    Buffer.from([0x21, 0, 0, 4, 1, 0, 0, 0]),
    Buffer.from([0x50, 0, 0, 8]),
    maximumLength,
  ]);
  const header = Buffer.from([0x02, 0, 0, 0, 0, body.length]);
  return Buffer.concat([header, body]);
}

function statusPdu(status: number): Buffer {
  const element = [0, 0, 0, 9, 2, 0, 0, 0, status & 0xff, status >>> 8];
  return Buffer.from([0x04, 0, 0, 0, 0, 16, 0, 0, 0, 12, 1, 0x03, ...element]);
}
