import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RequestContext } from '#src/http/request-context.js';
import type { DicomwebService } from '#src/dicomweb/dicomweb-service.js';
import { respondFrames } from '#src/dicomweb/wado/frames-response.js';
import { retrieveInstancesTransaction } from '#src/dicomweb/wado/retrieve-instances-transaction.js';
import { instanceRecord } from '#test/helpers/record-builder.js';

const jpegBaseline = '1.2.840.10008.1.2.4.50';
const jpegLs = '1.2.840.10008.1.2.4.80';
const record = instanceRecord('1.1', '1.2', '1.3', 1);

type Respond = (service: DicomwebService, context: RequestContext) => Promise<void>;

const asFrame: Respond = (service, context) =>
  respondFrames(service, context, {
    target: { partition: 0, studyInstanceUid: '1.1' },
    record,
    numbers: [1],
    isMultipartByDefault: true,
  });

/** The entity tag of a conversion by a server that converts with this quality. */
async function tagOf(respond: Respond, accept: string, quality: number): Promise<string> {
  const service = {
    rootPath: '/dicom-web',
    publicUrl: { trustedProxies: [], isTls: false },
    dialect: {},
    engine: {
      instancePages: () => [[record]],
      findStudy: () => record,
      describeLayout: () => ({ pixel: { kind: 'native', frameCount: 1 } }),
      frameTranscodingRefusal: () => undefined,
      conversionQuality: (uid: string) => (uid === jpegBaseline ? quality : undefined),
    },
  } as unknown as DicomwebService;
  let tag = '';
  const headers: Record<string, string> = { accept, host: 'h', 'if-none-match': '*' };
  const header = (name: string): string | undefined => headers[name];
  const context = {
    params: { study: '1.1' },
    query: [],
    request: { header },
    header,
    respond: (_: number, sent: readonly (readonly [string, string])[]) => (tag = sent[0]![1]),
  } as unknown as RequestContext;
  await respond(service, context);
  return tag;
}

describe('RFC 9110 §8.8.3: the entity tag of what is converted', () => {
  const forms: readonly (readonly [string, Respond, string])[] = [
    ['frames', asFrame, 'application/octet-stream'],
    ['instances', retrieveInstancesTransaction, 'application/dicom'],
  ];
  for (const [name, respond, type] of forms) {
    const accept = (uid: string): string =>
      `multipart/related; type="${type}"; transfer-syntax=${uid}`;

    test(`${name} with loss: another one for another quality`, async () => {
      const tag = await tagOf(respond, accept(jpegBaseline), 90);
      assert.equal(await tagOf(respond, accept(jpegBaseline), 90), tag);
      assert.notEqual(await tagOf(respond, accept(jpegBaseline), 30), tag);
    });

    test(`${name} without loss: the same for every quality`, async () => {
      const tag = await tagOf(respond, accept(jpegLs), 90);
      assert.match(tag, /^"/);
      assert.equal(await tagOf(respond, accept(jpegLs), 30), tag);
    });
  }
});
