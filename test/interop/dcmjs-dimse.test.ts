import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import dcmjsDimse from 'dcmjs-dimse';
import type { association, requests as requestTypes } from 'dcmjs-dimse';
import { hashPasscode } from '#src/dimse/user-identity/passcode-hash.js';
import { buildCtInstance } from '#test/helpers/instance-builder.js';
import { startServer } from '#test/helpers/server.js';
import type { TestServer } from '#test/helpers/server.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

const { Client, Scp, constants, log, requests, responses } = dcmjsDimse;
const { PresentationContextResult, Status, UserIdentityType } = constants;

/** SOP instances that the destination got, with the AE title that the association called. */
const received: { readonly sopInstanceUid: unknown; readonly calledAeTitle: string }[] = [];

/** A move destination that takes CT images in the first transfer syntax that is proposed. */
class Destination extends Scp {
  #calledAeTitle = '';

  override associationRequested(requested: association.Association): void {
    this.#calledAeTitle = requested.getCalledAeTitle();
    for (const { id } of requested.getPresentationContexts()) {
      const context = requested.getPresentationContext(id);
      const [transferSyntax] = context.getTransferSyntaxUids();
      context.setResult(PresentationContextResult.Accept, transferSyntax);
    }
    this.sendAssociationAccept();
  }

  override cEchoRequest(
    request: requestTypes.CEchoRequest,
    callback: (response: InstanceType<typeof responses.CEchoResponse>) => void,
  ): void {
    const response = responses.CEchoResponse.fromRequest(request);
    response.setStatus(Status.Success);
    callback(response);
  }

  override cStoreRequest(
    request: requestTypes.CStoreRequest,
    callback: (response: InstanceType<typeof responses.CStoreResponse>) => void,
  ): void {
    const sopInstanceUid = request.getDataset()?.getElement('SOPInstanceUID');
    received.push({ sopInstanceUid, calledAeTitle: this.#calledAeTitle });
    const response = responses.CStoreResponse.fromRequest(request);
    response.setStatus(Status.Success);
    callback(response);
  }

  override associationReleaseRequested(): void {
    this.sendAssociationReleaseResponse();
  }
}

describe('dcmjs-dimse as peer', () => {
  const directory = temporaryDirectory();
  const instances = [1, 2, 3].map((number) => buildCtInstance('7.7', number));
  const files = instances.map(({ part10 }, index) => {
    const path = join(directory, `${index}.dcm`);
    writeFileSync(path, part10);
    return path;
  });
  const uids = instances.map(({ sopInstanceUid }) => sopInstanceUid);
  const studyUid = instances[0]?.studyInstanceUid ?? '';
  const destination = createServer((socket) => new Destination(socket, {}));
  let server: TestServer;

  before(async () => {
    log.setLevel('silent');
    destination.listen(0, '127.0.0.1');
    await once(destination, 'listening');
    const { port } = destination.address() as AddressInfo;
    const hash = await hashPasscode(Buffer.from('geheim'), { N: 16, r: 1, p: 1 });
    writeFileSync(join(directory, 'users'), `ward:${hash}\n`);
    server = await startServer({
      dataDir: join(directory, 'data'),
      args: [
        ...['--remote-aes', `DEST@127.0.0.1:${port}`],
        ...['--dimse-user-identity-users-file', join(directory, 'users')],
      ],
    });
  });

  after(async () => {
    await server.stop();
    destination.close();
  });

  /** Sends requests on one association; resolves with the last status of each when it has ended. */
  async function send(
    sent: readonly requestTypes.Request[],
    options: Parameters<InstanceType<typeof Client>['send']>[4] = {},
    client = new Client(),
  ): Promise<number[]> {
    const statuses = new Map<requestTypes.Request, number>();
    for (const request of sent) {
      request.on('response', (response: InstanceType<typeof responses.Response>) => {
        statuses.set(request, response.getStatus());
      });
      client.addRequest(request);
    }
    const ended = new Promise<void>((resolve, reject) => {
      client.on('closed', () => resolve());
      client.on('networkError', reject);
      client.on('associationRejected', (reject_: object) => {
        reject(new Error(`rejected ${JSON.stringify(reject_)}`));
      });
    });
    client.send('127.0.0.1', server.dimsePort, 'DCMJS', 'GANTRY', options);
    await ended;
    return sent.map((request) => statuses.get(request) ?? -1);
  }

  test('PS3.7 §D.3.3.3: an echo and several stores at one time on one association', async () => {
    const asyncOps = { maxAsyncOpsInvoked: 4, maxAsyncOpsPerformed: 1 };
    const stores = files.map((file) => new requests.CStoreRequest(file));
    const statuses = await send([new requests.CEchoRequest(), ...stores], { asyncOps });
    assert.deepEqual(statuses, [0, 0, 0, 0]);
  });

  test('PS3.4 §C.4.1: it finds the study with what it asked for', async () => {
    const find = requests.CFindRequest.createStudyFindRequest({
      StudyInstanceUID: studyUid,
      PatientID: '',
      NumberOfStudyRelatedInstances: '',
    });
    const found: unknown[] = [];
    find.on('response', (response: InstanceType<typeof responses.CFindResponse>) => {
      if (response.hasDataset()) {
        found.push(response.getDataset()?.getElement('NumberOfStudyRelatedInstances'));
      }
    });
    assert.deepEqual(await send([find]), [0]);
    assert.deepEqual(found.map(Number), [3]);
  });

  test('PS3.4 §C.4.3: it gets the study on the association of the request', async () => {
    const client = new Client();
    const got: unknown[] = [];
    client.on(
      'cStoreRequest',
      (
        request: requestTypes.CStoreRequest,
        callback: (response: InstanceType<typeof responses.CStoreResponse>) => void,
      ) => {
        got.push(request.getDataset()?.getElement('SOPInstanceUID'));
        const response = responses.CStoreResponse.fromRequest(request);
        response.setStatus(Status.Success);
        callback(response);
      },
    );
    const get = requests.CGetRequest.createStudyGetRequest(studyUid);
    assert.deepEqual(await send([get], {}, client), [0]);
    assert.deepEqual(got.sort(), uids);
  });

  test('PS3.4 §C.4.2: it moves the study to another of its kind', async () => {
    const move = requests.CMoveRequest.createStudyMoveRequest('DEST', studyUid);
    assert.deepEqual(await send([move]), [0]);
    assert.deepEqual(received.map(({ sopInstanceUid }) => sopInstanceUid).sort(), uids);
    assert.ok(received.every(({ calledAeTitle }) => calledAeTitle === 'DEST'));
  });

  test('PS3.4 Annex A: our echo is answered by it', async () => {
    const url = `${server.httpUrl}/config/remote-aes/DEST/echo`;
    const response = await fetch(url, { method: 'POST' });
    assert.equal(response.status, 200, await response.text());
  });

  test('PS3.7 §D.3.3.7: it identifies a user, and is rejected with a wrong passcode', async () => {
    const userIdentity = {
      type: UserIdentityType.UsernameAndPasscode,
      positiveResponseRequested: true,
      primaryField: 'ward',
    };
    const right = { userIdentity: { ...userIdentity, secondaryField: 'geheim' } };
    assert.deepEqual(await send([new requests.CEchoRequest()], right), [0]);
    const wrong = { userIdentity: { ...userIdentity, secondaryField: 'other' } };
    await assert.rejects(send([new requests.CEchoRequest()], wrong), /"result":1,"source":1/);
  });
});
