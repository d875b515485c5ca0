import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { KeptDocuments, type DocumentSource } from '#src/dicomweb/wado/kept-documents.js';

const mebibyte = 1024 * 1024;

/** A document that counts how often it was begun, and its pieces that were read. */
class CountedSource implements DocumentSource {
  readonly pieces: readonly (Uint8Array | Error)[];
  begun = 0;
  read = 0;
  isStillThere = true;

  constructor(...pieces: (Uint8Array | Error)[]) {
    this.pieces = pieces;
  }

  *texts(): Generator<Uint8Array> {
    this.begun++;
    for (const piece of this.pieces) {
      this.read++;
      if (piece instanceof Error) throw piece;
      yield piece;
    }
  }

  isCurrent(): boolean {
    return this.isStillThere;
  }
}

function sample(): CountedSource {
  return new CountedSource(Buffer.from('[1,'), Buffer.from('2]'));
}

/** Misses the document twice, which has it made. */
async function missTwice(kept: KeptDocuments, key: string, source: CountedSource): Promise<void> {
  await kept.missed(key, source);
  await kept.missed(key, source);
}

test('a document is made when it is missed the second time, and only found under its key', async () => {
  const kept = new KeptDocuments(mebibyte);
  const source = sample();
  await kept.missed('a', source);
  assert.equal(source.begun, 0);
  assert.equal(kept.find('a'), undefined);
  await kept.missed('a', source);
  const document = kept.find('a')!;
  assert.equal(gunzipSync(document.gzip).toString(), '[1,2]');
  assert.equal(document.textBytes, 5);
  assert.equal(kept.find('b'), undefined);
});

test('a document of which something changed while it was made is not kept', async () => {
  const kept = new KeptDocuments(mebibyte);
  const source = sample();
  source.isStillThere = false;
  await missTwice(kept, 'a', source);
  assert.equal(source.begun, 1);
  assert.equal(kept.find('a'), undefined);
});

test('a document that takes more than a quarter of the room is given up, and the others stay', async () => {
  const kept = new KeptDocuments(mebibyte);
  await missTwice(kept, 'small', sample());
  const pieces = Array.from({ length: 64 }, () => randomBytes(64 * 1024));
  const source = new CountedSource(...pieces);
  await missTwice(kept, 'large', source);
  assert.ok(source.read < pieces.length, `${source.read} pieces were read`);
  assert.equal(kept.find('large'), undefined);
  assert.ok(kept.find('small'));
});

test('one document is made at a time', async () => {
  const kept = new KeptDocuments(mebibyte);
  const [first, second] = [sample(), sample()];
  await kept.missed('a', first);
  await kept.missed('b', second);
  await Promise.all([kept.missed('a', first), kept.missed('b', second)]);
  assert.deepEqual([first.begun, second.begun], [1, 0]);
  await kept.missed('b', second);
  assert.ok(kept.find('a') && kept.find('b'));
});

test('a document that cannot be read is not kept, and the next one is made', async () => {
  const kept = new KeptDocuments(mebibyte);
  await missTwice(kept, 'a', new CountedSource(Buffer.from('['), new Error('damaged')));
  assert.equal(kept.find('a'), undefined);
  await missTwice(kept, 'b', sample());
  assert.ok(kept.find('b'));
});

test('nothing is read once it is closed, nor where there is no room at all', async () => {
  const kept = new KeptDocuments(mebibyte);
  const source = new CountedSource(...Array.from({ length: 32 }, () => randomBytes(4096)));
  await kept.missed('a', source);
  const made = kept.missed('a', source);
  kept.close();
  const readBefore = source.read;
  await made;
  assert.equal(source.read, readBefore);
  assert.equal(kept.find('a'), undefined);
  await kept.missed('a', source);
  assert.equal(source.begun, 1);

  const none = sample();
  await missTwice(new KeptDocuments(0), 'a', none);
  assert.equal(none.begun, 0);
});
