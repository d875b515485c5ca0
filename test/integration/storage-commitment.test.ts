import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { silentLogger } from '#engine/base/logger.js';
import { decodeDataSet } from '#engine/dicom/data-set/decode-data-set.js';
import { encodeDataSet } from '#engine/dicom/data-set/encode-data-set.js';
import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';
import { commandField } from '#engine/dimse/command-set.js';
import { TcpListener } from '#engine/transport/tcp-listener.js';
import { createAcceptancePolicy } from '#src/dimse/application-entity.js';
import { AssociationHandler } from '#src/dimse/association-handler.js';
import { AssociationObserver } from '#src/dimse/association-observer.js';
import { defaultDimseServiceOptions } from '#src/dimse/dimse-service.js';
import { AssociationInspector } from '#src/dimse/inspector/association-inspector.js';
import { defaultScuTimeouts, requestAssociation } from '#src/dimse/scu/association-requestor.js';
import { proposalOf } from '#src/dimse/scu/dimse-client.js';
import type { OperationResponse } from '#src/dimse/scu/operation-invoker.js';
import type { RequestedAssociation } from '#src/dimse/scu/requested-association.js';
import type { ServiceAssociation, ServiceProvider } from '#src/dimse/service-provider.js';
import { CommitmentJobs } from '#src/dimse/storage-commitment/commitment-jobs.js';
import type { CommitmentReport } from '#src/dimse/storage-commitment/commitment-report.js';
import { RecordingCounters, startDimseFixture, until } from '#test/helpers/dimse-fixture.js';
import { stow } from '#test/helpers/dicomweb-client.js';
import { buildCtInstance } from '#test/helpers/instance-builder.js';
import { withServer } from '#test/helpers/server.js';
import { MemoryArchive } from '#test/helpers/memory-archive.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';
import { delay } from '#test/helpers/wait.js';

const storageCommitment = '1.2.840.10008.1.20.1';
const wellKnownInstance = '1.2.840.10008.1.20.1.1';
const ct = '1.2.840.10008.5.1.4.1.1.2';
const mr = '1.2.840.10008.5.1.4.1.1.4';

interface ReceivedReport {
  readonly eventTypeId: number | undefined;
  readonly dataSet: JsonDataSet;
}

/** Takes N-EVENT-REPORTs. */
function createTaker(association: ServiceAssociation, reports: ReceivedReport[]): ServiceProvider {
  return {
    commandField: commandField.nEventReportRequest,
    begin: (request) => {
      const pieces: Buffer[] = [];
      return {
        write: (bytes) => pieces.push(Buffer.from(bytes)),
        end: () => {
          const { transferSyntaxUid } = request.context;
          const dataSet = decodeDataSet(Buffer.concat(pieces), transferSyntaxUid);
          reports.push({ eventTypeId: request.command.eventTypeId, dataSet });
          association.respond(request, { status: 0 });
        },
      };
    },
    close: () => undefined,
  };
}

async function associate(
  t: TestContext,
  port: number,
  reports: ReceivedReport[],
): Promise<RequestedAssociation> {
  const association = await requestAssociation({
    target: { host: '127.0.0.1', port, calledAeTitle: 'GANTRY', callingAeTitle: 'MODALITY' },
    proposal: {
      ...proposalOf(storageCommitment),
      services: [(view) => createTaker(view, reports)],
    },
    timeouts: defaultScuTimeouts,
    maximumLengthBytes: 16_384,
    logger: silentLogger,
  });
  t.after(() => association.abort());
  return association;
}

function requestDataSet(
  transactionUid: string,
  references: readonly (readonly [string, string])[],
): JsonDataSet {
  return {
    '00081195': { vr: 'UI', Value: [transactionUid] },
    '00081199': {
      vr: 'SQ',
      Value: references.map(([sopClassUid, sopInstanceUid]) => ({
        '00081150': { vr: 'UI', Value: [sopClassUid] },
        '00081155': { vr: 'UI', Value: [sopInstanceUid] },
      })),
    },
  };
}

function requestCommitment(
  association: RequestedAssociation,
  dataSet: JsonDataSet,
  elements: object = {},
): Promise<OperationResponse> {
  const context = association.findContext(storageCommitment);
  assert.ok(context);
  return association.invoke({
    context,
    command: {
      commandField: commandField.nActionRequest,
      requestedSopClassUid: storageCommitment,
      requestedSopInstanceUid: wellKnownInstance,
      actionTypeId: 1,
      ...elements,
    },
    dataSet: encodeDataSet(dataSet, context.transferSyntaxUid),
  });
}

/** SOP Instance UID and failure reason of the items of a sequence. */
function itemsOf(report: ReceivedReport | undefined, tag: string): unknown[] {
  return (report?.dataSet[tag]?.Value ?? []).map((item) => {
    const { '00081155': uid, '00081197': reason } = item as JsonDataSet;
    return [uid?.Value?.[0], reason?.Value?.[0]];
  });
}

/** A modality that listens for reports, at a port of its own. */
async function startModality(
  t: TestContext,
  reports: ReceivedReport[],
): Promise<{ port: number; counters: RecordingCounters }> {
  const counters = new RecordingCounters();
  const policy = createAcceptancePolicy(defaultDimseServiceOptions, () => 'available');
  const listener = new TcpListener({
    connectionsMax: 10,
    connectionsPerAddressMax: 10,
    onRefused: () => undefined,
    onConnection: (connection) =>
      new AssociationHandler('modality', connection, {
        admit: () => ({
          policy: { ...policy, isScpRoleAccepted: () => true },
          services: [(association) => createTaker(association, reports)],
          isCommandPermitted: () => true,
        }),
        whenFree: () => Promise.resolve(),
        observer: new AssociationObserver(silentLogger, counters, new AssociationInspector(1)),
        logger: silentLogger,
        counters,
        maximumLengthBytes: 16_384,
        artimTimeoutMs: 1_000,
        idleTimeoutMs: 5_000,
      }),
  });
  const port = await listener.listen('127.0.0.1', 0);
  t.after(() => listener.destroyAll());
  return { port, counters };
}

test('PS3.4 §J.3: instances that are stored and intact are committed on the same association', async (t) => {
  const { port, archive, counters } = await startDimseFixture(t);
  const { sopInstanceUid } = await archive.add({ elements: { SOPClassUID: ct } });
  const reports: ReceivedReport[] = [];
  const association = await associate(t, port, reports);
  const response = await requestCommitment(
    association,
    requestDataSet('2.25.100', [[ct, sopInstanceUid]]),
  );
  assert.equal(response.status, 0);
  assert.equal(response.command.affectedSopInstanceUid, wellKnownInstance);
  assert.equal(response.command.actionTypeId, 1);
  await until(() => reports.length === 1, 'the report');
  assert.equal(reports[0]?.eventTypeId, 1);
  assert.deepEqual(reports[0]?.dataSet['00081195']?.Value, ['2.25.100']);
  assert.deepEqual(itemsOf(reports[0], '00081199'), [[sopInstanceUid, undefined]]);
  assert.equal(reports[0]?.dataSet['00081198'], undefined);
  await association.release();
  await until(() => counters.ends.length === 1, 'the end');
  assert.deepEqual(counters.ends, ['released']);
});

test('PS3.4 §J.3.3: what is missing, of another class or damaged is reported with its reason', async (t) => {
  const { port, archive } = await startDimseFixture(t);
  const good = await archive.add({ elements: { SOPClassUID: ct } });
  const damaged = await archive.add({ elements: { SOPClassUID: ct } });
  archive.damage(damaged.sopInstanceUid);
  const reports: ReceivedReport[] = [];
  const association = await associate(t, port, reports);
  const { status } = await requestCommitment(
    association,
    requestDataSet('2.25.101', [
      [ct, good.sopInstanceUid],
      [mr, good.sopInstanceUid],
      [ct, '2.25.404'],
      [ct, damaged.sopInstanceUid],
    ]),
  );
  assert.equal(status, 0);
  await until(() => reports.length === 1, 'the report');
  assert.equal(reports[0]?.eventTypeId, 2);
  assert.deepEqual(itemsOf(reports[0], '00081199'), [[good.sopInstanceUid, undefined]]);
  assert.deepEqual(itemsOf(reports[0], '00081198'), [
    [good.sopInstanceUid, 0x0119],
    ['2.25.404', 0x0112],
    [damaged.sopInstanceUid, 0x0110],
  ]);
});

test('PS3.4 §J.3.4: a requester that has released gets its report on an association of ours', async (t) => {
  const reports: ReceivedReport[] = [];
  const modality = await startModality(t, reports);
  const remote = { aeTitle: 'MODALITY', host: '127.0.0.1', port: modality.port };
  const { port, archive } = await startDimseFixture(t, {}, [remote]);
  const { sopInstanceUid } = await archive.add({ elements: { SOPClassUID: ct } });
  let release: () => void = () => undefined;
  archive.beforeRead = () =>
    new Promise((resolve) => {
      release = resolve;
    });
  const here: ReceivedReport[] = [];
  const association = await associate(t, port, here);
  const dataSet = requestDataSet('2.25.102', [[ct, sopInstanceUid]]);
  assert.equal((await requestCommitment(association, dataSet)).status, 0);
  await association.release();
  archive.beforeRead = () => Promise.resolve();
  await until(() => {
    release();
    return reports.length === 1;
  }, 'the report');
  assert.equal(reports[0]?.eventTypeId, 1);
  assert.equal(here.length, 0);
  assert.deepEqual(modality.counters.operations, [{ commandField: 0x0100, status: 0 }]);
});

test('PS3.4 §J.3.2: a transaction that is under way is a duplicate', async (t) => {
  const { port, archive } = await startDimseFixture(t);
  const { sopInstanceUid } = await archive.add({ elements: { SOPClassUID: ct } });
  let release: () => void = () => undefined;
  archive.beforeRead = () =>
    new Promise((resolve) => {
      release = resolve;
    });
  const reports: ReceivedReport[] = [];
  const association = await associate(t, port, reports);
  const dataSet = requestDataSet('2.25.103', [[ct, sopInstanceUid]]);
  assert.equal((await requestCommitment(association, dataSet)).status, 0);
  assert.equal((await requestCommitment(association, dataSet)).status, 0);
  await until(() => reports.length === 1, 'the report on the duplicate');
  assert.deepEqual(itemsOf(reports[0], '00081198'), [[sopInstanceUid, 0x0131]]);
  archive.beforeRead = () => Promise.resolve();
  release();
  await until(() => reports.length === 2, 'the report on the first');
  assert.equal(reports[1]?.eventTypeId, 1);
});

test('PS3.7 §10.1.4: an action that is not storage commitment, or names nothing, is refused', async (t) => {
  const { port } = await startDimseFixture(t);
  const association = await associate(t, port, []);
  const good = requestDataSet('2.25.104', [[ct, '2.25.1']]);
  const ask = async (dataSet: JsonDataSet, elements: object = {}): Promise<number> =>
    (await requestCommitment(association, dataSet, elements)).status;
  assert.equal(await ask(good, { actionTypeId: 2 }), 0x0123);
  assert.equal(await ask(good, { requestedSopInstanceUid: '1.2.3' }), 0x0112);
  assert.equal(await ask(good, { requestedSopClassUid: ct }), 0x0122);
  assert.equal(await ask(requestDataSet('../x', [[ct, '2.25.1']])), 0x0115);
  assert.equal(await ask(requestDataSet('2.25.104', [])), 0x0115);
  assert.equal(await ask(requestDataSet('2.25.104', [[ct, '']])), 0x0115);
});

test('jobs outlive the process: what was accepted is checked and reported after a restart', async () => {
  const archive = new MemoryArchive();
  const { sopInstanceUid } = await archive.add({ elements: { SOPClassUID: ct } });
  const directory = temporaryDirectory();
  const delivered: [string, CommitmentReport][] = [];
  const create = (isPeerUp: boolean): CommitmentJobs =>
    new CommitmentJobs({
      directory,
      engine: archive,
      deliver: (requester, report) => {
        if (!isPeerUp) return Promise.reject(new Error('no route'));
        delivered.push([requester, report]);
        return Promise.resolve();
      },
      retryDelaysMs: [60_000],
      logger: silentLogger,
    });
  const before = create(false);
  let attempts = 0;
  await before.add(
    {
      transactionUid: '2.25.105',
      requesterAeTitle: 'MODALITY',
      partition: 0,
      references: [{ sopClassUid: ct, sopInstanceUid }],
    },
    () => {
      attempts++;
      return Promise.reject(new Error('released'));
    },
  );
  await until(() => attempts === 1, 'an attempt');
  await before.close();

  const after = create(true);
  after.resume();
  await until(() => after.count === 0, 'the job to be done');
  assert.equal(delivered.length, 1);
  assert.equal(delivered[0]?.[0], 'MODALITY');
  assert.equal(delivered[0]?.[1].eventTypeId, 1);
  await after.close();

  const later = create(true);
  later.resume();
  assert.equal(later.count, 0);
});

test('a job whose file is damaged is set aside, and the others are done', async () => {
  const directory = temporaryDirectory();
  const references = [{ sopClassUid: ct, sopInstanceUid: '2.25.1' }];
  const job = {
    transactionUid: '2.25.109',
    requesterAeTitle: 'MODALITY',
    partition: 0,
    references,
  };
  writeFileSync(join(directory, '2.25.109.json'), JSON.stringify(job));
  writeFileSync(join(directory, '2.25.110.json'), JSON.stringify(job).slice(0, -5));
  const delivered: CommitmentReport[] = [];
  const jobs = new CommitmentJobs({
    directory,
    engine: new MemoryArchive(),
    deliver: (_, report) => Promise.resolve(void delivered.push(report)),
    retryDelaysMs: [],
    logger: silentLogger,
  });
  jobs.resume();
  await until(() => jobs.count === 0, 'the whole one to be done');
  assert.equal(delivered.length, 1);
  assert.deepEqual(readdirSync(directory), ['2.25.110.json.damaged']);
  await jobs.close();
});

test('a close waits until nothing reads the store any more, and leaves the job to the next start', async () => {
  const archive = new MemoryArchive();
  const { sopInstanceUid } = await archive.add({ elements: { SOPClassUID: ct } });
  const directory = temporaryDirectory();
  const create = (): CommitmentJobs =>
    new CommitmentJobs({
      directory,
      engine: archive,
      deliver: () => Promise.resolve(),
      retryDelaysMs: [],
      logger: silentLogger,
    });
  let goOn = (): void => undefined;
  const isGoing = new Promise<void>((resolve) => (goOn = resolve));
  let reads = 0;
  archive.beforeRead = () => {
    reads++;
    return isGoing;
  };
  const jobs = create();
  const references = [{ sopClassUid: ct, sopInstanceUid }];
  const job = {
    transactionUid: '2.25.108',
    requesterAeTitle: 'MODALITY',
    partition: 0,
    references,
  };
  await jobs.add(job, () => assert.fail('it is not checked'));
  await until(() => reads === 1, 'the first read');
  let isClosed = false;
  const closing = jobs.close().then(() => (isClosed = true));
  await delay(20);
  assert.equal(isClosed, false);
  goOn();
  await closing;

  const next = create();
  next.resume();
  assert.equal(next.count, 1);
  await until(() => next.count === 0, 'the job to be done');
  await next.close();
});

test('a report that cannot be delivered is tried again, then given up', async () => {
  const archive = new MemoryArchive();
  let attempts = 0;
  const jobs = new CommitmentJobs({
    directory: temporaryDirectory(),
    engine: archive,
    deliver: () => {
      attempts++;
      return Promise.reject(new Error('no route'));
    },
    retryDelaysMs: [1, 1],
    logger: silentLogger,
  });
  const job = {
    transactionUid: '2.25.106',
    requesterAeTitle: 'GONE',
    partition: 0,
    references: [{ sopClassUid: ct, sopInstanceUid: '2.25.1' }],
  };
  await jobs.add(job, () => Promise.reject(new Error('released')));
  await until(() => jobs.count === 0, 'the job to be given up');
  assert.equal(attempts, 3);
  await jobs.close();
});

test('a job whose file cannot be removed is done all the same', async () => {
  const directory = temporaryDirectory();
  let attempts = 0;
  const jobs = new CommitmentJobs({
    directory,
    engine: new MemoryArchive(),
    deliver: () => {
      attempts++;
      if (attempts === 1) return Promise.reject(new Error('no route'));
      // No file any more, so that its removal fails.
      rmSync(join(directory, '2.25.107.json'));
      mkdirSync(join(directory, '2.25.107.json'));
      return Promise.resolve();
    },
    retryDelaysMs: [1],
    logger: silentLogger,
  });
  const job = {
    transactionUid: '2.25.107',
    requesterAeTitle: 'MODALITY',
    partition: 0,
    references: [{ sopClassUid: ct, sopInstanceUid: '2.25.1' }],
  };
  await jobs.add(job, () => Promise.reject(new Error('released')));
  await until(() => jobs.count === 0, 'the end of the job');
  assert.equal(attempts, 2);
  await jobs.close();
});

test('PS3.4 §J.3: what a running server has acknowledged by HTTP it commits to', async (t) => {
  await withServer(async ({ dicomwebUrl, dimsePort }) => {
    const instances = [1, 2, 3].map((number) => buildCtInstance('88.1', number));
    const response = await stow(
      dicomwebUrl,
      instances.map(({ part10 }) => part10),
    );
    assert.equal(response.status, 200);
    const reports: ReceivedReport[] = [];
    const association = await associate(t, dimsePort, reports);
    const references = instances.map(({ sopInstanceUid }) => [ct, sopInstanceUid] as const);
    const dataSet = requestDataSet('2.25.107', references);
    assert.equal((await requestCommitment(association, dataSet)).status, 0);
    await until(() => reports.length === 1, 'the report');
    assert.equal(reports[0]?.eventTypeId, 1);
    assert.equal(itemsOf(reports[0], '00081199').length, 3);
    await association.release();
  });
});
