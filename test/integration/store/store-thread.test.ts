import assert from 'node:assert/strict';
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { crc32 } from 'node:zlib';
import type { GantryError } from '#engine/base/error-catalogue.js';
import { limits } from '#engine/base/limits.js';
import type { ParsedInstance } from '#engine/dicom/instance/parsed-instance.js';
import { openStore } from '#engine/store/open-store.js';
import type { OpenedStore } from '#engine/store/open-store.js';
import type { CommitRequest } from '#engine/threads/task-messages.js';
import { buildParsedInstance } from '#test/helpers/parsed-instance-builder.js';
import { StoreThreadClient, stopRunningClients } from '#test/helpers/store-thread-client.js';
import type { SpilledReply } from '#test/helpers/store-thread-client.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

const mib = 1024 * 1024;

afterEach(stopRunningClients);

function bytesOf(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let n = 0; n < length; n++) bytes[n] = (n * seed + (n >> 7)) & 255;
  return bytes;
}

function uids(
  study: string,
  series: string,
  sop: string,
): { studyInstanceUid: string; seriesInstanceUid: string; sopInstanceUid: string } {
  return { studyInstanceUid: study, seriesInstanceUid: series, sopInstanceUid: sop };
}

function storedBytes(store: OpenedStore, study: string, series: string, sop: string): Buffer {
  const record = store.reader.findInstance(0, uids(study, series, sop));
  assert.ok(record !== undefined);
  const bytes = Buffer.alloc(record.blob.length);
  assert.equal(store.blobReader.readSync(record.blob, 0, bytes), bytes.length);
  assert.equal(crc32(bytes), record.blob.crc32);
  return bytes;
}

test('a committed instance is found and read, with its metadata, layout and change', async () => {
  const client = await StoreThreadClient.start(temporaryDirectory());
  const { reader } = client.store;
  const received = bytesOf(300_000, 3);
  const prefix = bytesOf(200, 7);
  const frameTable = bytesOf(4_097 * 16, 5);
  const instance = buildParsedInstance(received, {
    study: '1.2',
    series: '1.2.1',
    sop: '1.2.1.1',
    prefix,
    frameTable,
    studyAttributes: {
      '00100020': { vr: 'LO', Value: ['PAT 1'] },
      '00080050': { vr: 'SH', Value: ['A77'] },
    },
  });
  assert.deepEqual(await client.commit([client.request(instance, received)]), ['stored']);

  const key = uids('1.2', '1.2.1', '1.2.1.1');
  const expected = Buffer.concat([prefix, received]);
  assert.deepEqual(storedBytes(client.store, '1.2', '1.2.1', '1.2.1.1'), expected);
  const metadata = reader.readMetadata(0, key)!;
  assert.deepEqual(Buffer.from(metadata.json), Buffer.from(instance.metadata.json));
  assert.deepEqual(metadata.uriOffsets, instance.metadata.uriOffsets);
  assert.deepEqual(reader.readLayout(0, key), instance.layout);
  assert.equal(reader.readFrameTablePage(0, key, 0)!.length, 65_536);
  assert.deepEqual(Buffer.from(reader.readFrameTablePage(0, key, 1)!), frameTable.subarray(65_536));
  assert.equal(reader.readFrameTablePage(0, key, 2), undefined);
  assert.equal(reader.findStudy(0, '1.2')!.instanceCount, 1);
  assert.equal(reader.findStudy(1, '1.2'), undefined);
  assert.deepEqual(
    [...reader.studiesByPatientId(0, 'PAT 1')].map((study) => study.studyInstanceUid),
    ['1.2'],
  );
  assert.equal([...reader.studiesByAccessionNumber(0, 'A77')].length, 1);
  assert.equal([...reader.studiesByAccessionNumber(0, 'A7')].length, 0);
  assert.equal(reader.lastSequence(), 1);
  const [change] = reader.readChanges(0, 10);
  assert.equal(change!.sopInstanceUid, '1.2.1.1');
  assert.equal(change!.sequence, 1);
  await client.stop();
});

test('a whole group is counted once in its study and series records and fed to the index', async () => {
  const client = await StoreThreadClient.start(temporaryDirectory());
  const { reader } = client.store;
  const requests = Array.from({ length: 30 }, (_, n) => {
    const received = bytesOf(20_000 + n, n + 1);
    const series = `1.5.${n % 3}`;
    const modality = n % 3 === 0 ? 'CT' : 'SR';
    const instance = buildParsedInstance(received, {
      study: '1.5',
      series,
      sop: `1.5.9.${n}`,
      modality,
    });
    return client.request(instance, received);
  });
  const results = await client.commit(requests);
  assert.ok(results.every((result) => result === 'stored'));
  const study = reader.findStudy(0, '1.5')!;
  assert.equal(study.instanceCount, 30);
  assert.equal(study.seriesCount, 3);
  assert.deepEqual([...study.modalities].sort(), ['CT', 'SR']);
  assert.equal(study.sopClassUids.length, 1);
  assert.equal(
    study.storedBytes,
    requests.reduce((sum, request) => sum + request.source.length, 0),
  );
  assert.deepEqual(
    reader.listSeries(0, '1.5').map((series) => [series.seriesInstanceUid, series.instanceCount]),
    [
      ['1.5.0', 10],
      ['1.5.1', 10],
      ['1.5.2', 10],
    ],
  );
  assert.equal(reader.listInstances(0, '1.5').length, 30);
  assert.equal(reader.listInstances(0, '1.5', '1.5.1').length, 10);
  assert.deepEqual(
    reader.readChanges(0, 100).map((change) => change.sequence),
    Array.from({ length: 30 }, (_, n) => n + 1),
  );
  const fed = client.feeds.flatMap((feed) => feed.instances);
  assert.equal(fed.length, 30);
  assert.equal(client.feeds.at(-1)!.sequence, 30);
  assert.deepEqual(client.feeds.at(-1)!.studies[0], study);
  assert.deepEqual(client.feeds[0]!.replacedStudySequences, [0]);
  await client.stop();
});

test('the same data set again is identical, another one a duplicate; nothing is written', async () => {
  const client = await StoreThreadClient.start(temporaryDirectory());
  const received = bytesOf(2 * mib + 77, 3);
  const whole = buildParsedInstance(received, { dataSetOffset: 400 });
  // Where metadata has not all of the data set, only the bytes tell.
  const instance = { ...whole, layout: { ...whole.layout, isMetadataPartial: true as const } };
  // Two in one group: the first wins, the second is compared with it.
  const results = await client.commit([
    client.request(instance, received),
    client.request(instance, received),
  ]);
  assert.deepEqual(results, ['stored', 'identical']);

  const otherMeta = Buffer.from(received);
  otherMeta[399]! ^= 1;
  assert.deepEqual(await client.commit([client.request(instance, otherMeta)]), ['identical']);

  const otherData = Buffer.from(received);
  otherData[received.length - 1]! ^= 1;
  const [duplicate] = await client.commit([client.request(instance, otherData)]);
  assert.deepEqual(duplicate, { code: 'duplicate', detail: 'with other content' });
  const shorter = received.subarray(0, mib);
  const [shortResult] = await client.commit([client.request(instance, shorter)]);
  assert.deepEqual(shortResult, { code: 'duplicate', detail: 'with other content' });

  // A Part 10 file and a C-STORE of the same data set differ only in front of it.
  const dataSet = received.subarray(400);
  const sent = buildParsedInstance(dataSet, { prefix: bytesOf(360, 9), dataSetOffset: 360 });
  assert.deepEqual(await client.commit([client.request(sent, dataSet)]), ['identical']);

  assert.equal(client.store.reader.lastSequence(), 1);
  assert.equal(client.store.reader.findStudy(0, '1.2.3')!.instanceCount, 1);
  await client.stop();
});

test('a data set that was encoded anew is identical when its elements are', async () => {
  const client = await StoreThreadClient.start(temporaryDirectory());
  const received = bytesOf(mib, 4);
  const at = { path: '7FE00010', vr: 'OW', offset: 1000, length: 5000 };
  const described = (bytes: Uint8Array, offset: number, json = '{}'): ParsedInstance => {
    const parsed = buildParsedInstance(bytes, { dataSetOffset: 400 });
    return {
      ...parsed,
      metadata: { json: Buffer.from(json), uriOffsets: [] },
      layout: { ...parsed.layout, bulkValues: [{ ...at, offset }] },
    };
  };
  const commit = (bytes: Uint8Array, offset: number, json?: string): Promise<unknown> =>
    client.commit([client.request(described(bytes, offset, json), bytes)]);
  assert.deepEqual(await commit(received, 1000), ['stored']);
  // Four bytes less in front of the bulk value.
  const shorter = Buffer.concat([received.subarray(0, 500), received.subarray(504)]);
  assert.deepEqual(await commit(shorter, 996), ['identical']);
  assert.deepEqual(await commit(shorter, 995), [
    { code: 'duplicate', detail: 'with other content' },
  ]);
  assert.deepEqual(await commit(shorter, 996, '{"00100020":{"vr":"LO"}}'), [
    { code: 'duplicate', detail: 'with other content' },
  ]);
  await client.stop();
});

test('an instance is replaced in one step: record, counts, change log and feed', async () => {
  const client = await StoreThreadClient.start(temporaryDirectory());
  const first = bytesOf(2 * mib, 5);
  const other = bytesOf(mib, 6);
  const request = (bytes: Uint8Array, overwrite: CommitRequest['overwrite']): CommitRequest => ({
    ...client.request(buildParsedInstance(bytes), bytes),
    overwrite,
  });
  assert.deepEqual(await client.commit([request(first, 'if-changed')]), ['stored']);
  assert.deepEqual(await client.commit([request(first, 'if-changed')]), ['identical']);
  const changed = request(other, 'if-changed');
  const partial = { ...changed.instance.layout, isMetadataPartial: true as const };
  assert.deepEqual(
    await client.commit([{ ...changed, instance: { ...changed.instance, layout: partial } }]),
    ['replaced'],
  );
  assert.deepEqual(await client.commit([request(other, 'always')]), ['replaced']);
  const { reader } = client.store;
  const [record] = reader.listInstances(0, '1.2.3');
  assert.equal(record!.blob.length, mib);
  const study = reader.findStudy(0, '1.2.3')!;
  assert.equal(study.instanceCount, 1);
  assert.equal(study.seriesCount, 1);
  assert.equal(study.storedBytes, mib);
  assert.deepEqual(
    reader.readChanges(0, 10).map(({ action }) => action),
    ['create', 'replace', 'replace'],
  );
  assert.equal(client.feeds.at(-1)!.removed.instances[0]!.sequence, 2);
  assert.equal(client.feeds.at(-1)!.instances[0]!.sequence, 3);
  await client.stop();
});

test('the space kept free is kept from instances that replace others, too', async () => {
  const directory = temporaryDirectory();
  const received = Buffer.alloc(50_000, 1);
  const request = (client: StoreThreadClient, bytes: Buffer): CommitRequest => ({
    ...client.request(buildParsedInstance(bytes), bytes),
    overwrite: 'always',
  });
  const first = await StoreThreadClient.start(directory);
  assert.deepEqual(await first.commit([request(first, received)]), ['stored']);
  await first.stop();
  const client = await StoreThreadClient.start(directory, {
    reserveBytes: Number.MAX_SAFE_INTEGER,
  });
  const [result] = await client.commit([request(client, Buffer.alloc(50_000, 2))]);
  assert.ok(typeof result === 'object' && result.code === 'storage-full');
  await client.stop();
});

test('one SOP Instance UID in two studies and two partitions is several instances', async () => {
  const client = await StoreThreadClient.start(temporaryDirectory());
  const { reader } = client.store;
  const received = bytesOf(5000, 3);
  const a = buildParsedInstance(received, { study: '1.1', series: '1.1.1', sop: '9.9' });
  const b = buildParsedInstance(received, { study: '1.2', series: '1.2.1', sop: '9.9' });
  const results = await client.commit([
    client.request(a, received, 7),
    client.request(a, received, 0),
    client.request(b, received, 7),
  ]);
  assert.deepEqual(results, ['stored', 'stored', 'stored']);
  assert.equal(reader.findInstancesBySop(7, '9.9').length, 2);
  assert.equal(reader.findInstancesBySop(0, '9.9').length, 1);
  assert.equal(reader.findInstancesBySop(1, '9.9').length, 0);
  for (const feed of client.feeds) {
    assert.ok(feed.instances.every((record) => record.sequence <= feed.sequence));
  }
  assert.deepEqual(
    client.feeds.map((feed) => feed.sequence),
    [...client.feeds.map((feed) => feed.sequence)].sort(),
  );
  await client.stop();
});

test('a later instance fills and overrides attributes of its study and moves its ordered keys', async () => {
  const client = await StoreThreadClient.start(temporaryDirectory());
  const { reader } = client.store;
  const received = bytesOf(9000, 3);
  const send = async (sop: string, patientId: string[], name: string[]): Promise<void> => {
    const studyAttributes = {
      '00100020': { vr: 'LO', Value: patientId },
      '00081030': { vr: 'LO', Value: name },
    };
    const instance = buildParsedInstance(received, { sop, studyAttributes });
    assert.deepEqual(await client.commit([client.request(instance, received)]), ['stored']);
  };
  await send('1', ['A'], ['first']);
  await send('2', ['B'], []);
  const study = reader.findStudy(0, '1.2.3')!;
  assert.deepEqual(study.attributes['00100020']!.Value, ['B']);
  assert.deepEqual(study.attributes['00081030']!.Value, ['first']);
  assert.equal([...reader.studiesByPatientId(0, 'A')].length, 0);
  assert.equal([...reader.studiesByPatientId(0, 'B')].length, 1);
  await client.stop();
});

test('a spilled instance is stored from its file, with its preamble cleared', async () => {
  const directory = temporaryDirectory();
  const client = await StoreThreadClient.start(directory);
  const received = bytesOf(5 * mib + 123, 3);
  received.write('DICM', 128, 'latin1');
  const expected = Buffer.from(received);
  expected.fill(0, 0, 128);

  let spilled: SpilledReply | undefined;
  for (let at = 0; at < received.length; at += mib) {
    client.post(client.spillRequest(5, received.subarray(at, at + mib)));
    const reply = await client.spilled(5);
    assert.equal(reply.length, Math.min(received.length, at + mib));
    spilled = reply;
  }
  const instance = buildParsedInstance(received, { sop: '5.5' });
  assert.deepEqual(await client.commit([client.spilledRequest(instance, spilled!)]), ['stored']);
  assert.deepEqual(storedBytes(client.store, '1.2.3', '1.2.3.4', '5.5'), expected);

  // With a prefix, beside a small instance in the same group.
  const dataSet = received.subarray(1000);
  client.post(client.spillRequest(6, dataSet));
  const second = await client.reply('spilled');
  const prefix = bytesOf(700, 11);
  const prefixed = buildParsedInstance(dataSet, { sop: '5.6', prefix });
  const small = buildParsedInstance(received.subarray(0, 100), { sop: '5.7' });
  const results = await client.commit([
    client.spilledRequest(prefixed, second),
    client.request(small, received.subarray(0, 100)),
  ]);
  assert.deepEqual(results, ['stored', 'stored']);
  assert.deepEqual(
    storedBytes(client.store, '1.2.3', '1.2.3.4', '5.6'),
    Buffer.concat([prefix, dataSet]),
  );

  // The same again: identical, and its file is gone.
  client.post(client.spillRequest(7, dataSet));
  const third = await client.reply('spilled');
  assert.deepEqual(await client.commit([client.spilledRequest(prefixed, third)]), ['identical']);
  const bigFiles = (): string[] =>
    readdirSync(join(directory, 'segments')).filter((name) => name.endsWith('.big'));
  assert.equal(bigFiles().length, 2);

  client.post(client.spillRequest(8, dataSet));
  await client.reply('spilled');
  assert.equal(bigFiles().length, 3);
  client.post({ kind: 'spill-abandon', spillId: 8 });
  await client.commit([client.request(small, received.subarray(0, 100))]);
  assert.equal(bigFiles().length, 2);

  // One that is cut off by the end of the process counts for nothing.
  client.post(client.spillRequest(9, dataSet));
  await client.reply('spilled');
  await client.stop();
  assert.equal(bigFiles().length, 2);
});

test('a restart keeps everything and goes on behind it, in every blob store', async () => {
  const directory = temporaryDirectory();
  const stored: [string, Buffer][] = [];
  for (const [round, blobStore] of (['log', 'values', 'log', 'log'] as const).entries()) {
    const client = await StoreThreadClient.start(directory, { blobStore, segmentBytes: mib });
    assert.equal(client.store.reader.lastSequence(), stored.length);
    const fresh = [100, 8192, 300_000, 3 * mib].map((length, n): [string, Buffer] => [
      `7.${round}.${n}`,
      bytesOf(length, round * 10 + n + 1),
    ]);
    const requests = fresh.map(([sop, received]) =>
      client.request(buildParsedInstance(received, { sop }), received),
    );
    assert.ok((await client.commit(requests)).every((result) => result === 'stored'));
    stored.push(...fresh);
    assert.equal(client.store.reader.lastSequence(), stored.length);
    assert.equal(client.store.reader.findStudy(0, '1.2.3')!.instanceCount, stored.length);
    for (const [sop, received] of stored) {
      assert.deepEqual(storedBytes(client.store, '1.2.3', '1.2.3.4', sop), received);
    }
    await client.stop();
  }
});

test('a lone small instance becomes a value, a group with a large one goes to the segment', async () => {
  const client = await StoreThreadClient.start(temporaryDirectory());
  const small = bytesOf(5000, 3);
  const large = bytesOf(50_000, 5);
  const request = (sop: string, received: Buffer) =>
    client.request(buildParsedInstance(received, { sop }), received);
  await client.commit([request('1', small)]);
  const storeOf = (sop: string): string =>
    client.store.reader.findInstance(0, uids('1.2.3', '1.2.3.4', sop))!.blob.store;
  assert.equal(storeOf('1'), 'value');
  await client.commit([request('2', large)]);
  assert.equal(storeOf('2'), 'segment');
  await client.stop();
});

test('segments are prepared ahead and used', async () => {
  const directory = temporaryDirectory();
  const segmentBytes = 2 * mib;
  const names = (): string[] => readdirSync(join(directory, 'segments')).sort();
  const client = await StoreThreadClient.start(directory, {
    segmentBytes,
    segmentsAhead: 1,
  });
  const commit = async (to: StoreThreadClient, sop: string): Promise<void> => {
    const received = bytesOf(1.5 * mib, 3);
    const request = to.request(buildParsedInstance(received, { sop }), received);
    assert.deepEqual(await to.commit([request]), ['stored']);
  };
  await commit(client, '1');
  const isWhole = (): boolean =>
    names().includes('00000001.new') &&
    statSync(join(directory, 'segments', '00000001.new')).size === segmentBytes;
  while (!isWhole()) await new Promise((resolve) => setTimeout(resolve, 20));
  await client.stop();

  const again = await StoreThreadClient.start(directory, { segmentBytes, segmentsAhead: 1 });
  await commit(again, '2');
  assert.equal(statSync(join(directory, 'segments', '00000002.seg')).size, segmentBytes);
  assert.deepEqual(storedBytes(again.store, '1.2.3', '1.2.3.4', '2'), bytesOf(1.5 * mib, 3));
  await again.stop();
});

test('a commit whose spill is not on file fails alone', async () => {
  const client = await StoreThreadClient.start(temporaryDirectory());
  const received = bytesOf(1000, 3);
  const instance = buildParsedInstance(received, { sop: '1' });
  const lost = client.spilledRequest(buildParsedInstance(received, { sop: '2' }), {
    kind: 'spilled',
    spillId: 99,
    path: '/nowhere',
    offset: 4096,
    length: 1000,
  });
  const [first, second] = await client.commit([lost, client.request(instance, received)]);
  assert.equal((first as { code: string }).code, 'store-unavailable');
  assert.equal(second, 'stored');
  await client.stop();
});

test('an instance whose attributes are no JSON fails alone', async () => {
  const client = await StoreThreadClient.start(temporaryDirectory());
  const received = bytesOf(1000, 3);
  const broken = { ...buildParsedInstance(received, { sop: '1' }), attributesJson: '{"study":' };
  const [first, second] = await client.commit([
    client.request(broken, received),
    client.request(buildParsedInstance(received, { sop: '2' }), received),
  ]);
  assert.equal((first as { code: string }).code, 'processing-failure');
  assert.equal(second, 'stored');
  await client.stop();
});

test('UIDs that could break out of a key, and a prefix that does not fit, are refused', async () => {
  const client = await StoreThreadClient.start(temporaryDirectory());
  const received = bytesOf(1000, 3);
  const hostile = ['1.2\x003', 'x', '', '1'.repeat(limits.uidLengthMax + 1), '../..'].map((sop) =>
    client.request(buildParsedInstance(received, { sop }), received),
  );
  const transferSyntax = '1'.repeat(limits.uidLengthMax + 1);
  hostile.push(client.request(buildParsedInstance(received, { transferSyntax }), received));
  for (const result of await client.commit(hostile)) {
    assert.deepEqual(result, { code: 'identifier-missing', detail: '' });
  }
  client.post(client.spillRequest(1, received));
  const long = buildParsedInstance(received, { prefix: Buffer.alloc(4000) });
  const [result] = await client.commit([client.spilledRequest(long, await client.spilled(1))]);
  assert.equal((result as { code: string }).code, 'limit-exceeded');
  const good = buildParsedInstance(received);
  assert.deepEqual(await client.commit([client.request(good, received)]), ['stored']);
  await client.stop();
});

test('a second process, or one that reads another format, is refused with the reason', async () => {
  const directory = temporaryDirectory();
  const store = await openStore({ directory });
  await assert.rejects(
    openStore({ directory }),
    (error: GantryError) =>
      error.code === 'store-unavailable' && error.detail.includes('in use by another process'),
  );
  await store.close();
  writeFileSync(join(directory, 'FORMAT'), 'gantry 2\n');
  await assert.rejects(openStore({ directory }), /format 2, this program reads 1/);
  writeFileSync(join(directory, 'FORMAT'), 'gantry 1\n');
  rmSync(join(directory, 'catalog'), { recursive: true });
  writeFileSync(join(directory, 'segments', '00000001.seg'), 'bytes');
  await assert.rejects(openStore({ directory }), /segments but no catalogue/);
});
