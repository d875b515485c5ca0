import { GantryError } from '#engine/base/error-catalogue.js';
import type { RetrieveTarget } from '#engine/engine-types.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import type { RequestContext } from '#src/http/request-context.js';
import {
  acceptedOf,
  instanceUrl,
  studiesUrl,
  targetOf,
  type DicomwebService,
} from '../dicomweb-service.js';
import { answerNotModified, etagOf, requireResource } from '../resource-etag.js';
import {
  findInstanceForm,
  findInstanceRepresentation,
  type InstanceForm,
  type InstanceRepresentation,
} from './instance-representation.js';
import { partialWarning } from './partial-warning.js';
import {
  respondParts,
  respondSingle,
  respondStreamedParts,
  type ResponsePart,
} from './parts-response.js';
import { prefersZip, respondZip } from './zip-response.js';

const mediaType = 'application/dicom';

/**
 * Retrieve, PS3.18 §10.4.1.1.1: the instances of a study or series, or one instance, as Part 10 files in the transfer syntax that
 * the client likes best, or in an archive. 206 with a warning when some cannot be had in a form it takes, 406 when none can.
 */
export async function retrieveInstancesTransaction(
  service: DicomwebService,
  context: RequestContext,
): Promise<void> {
  const { engine } = service;
  const target = targetOf(context);
  const accepted = acceptedOf(context);
  const resource = requireResource(engine, target);
  if (prefersZip(accepted)) {
    const etag = etagOf(resource, target, 'zip');
    if (!answerNotModified(context, etag)) await respondZip(context, engine, target, etag);
    return;
  }
  const representation = findInstanceRepresentation(accepted);
  if (representation === undefined) {
    throw new GantryError('not-acceptable', `instances are served as ${mediaType}`);
  }
  const { isMultipart = true, choices } = representation;
  const etag = etagOf(resource, target, `instances.${choices.join(';')}-${isMultipart}`);
  if (answerNotModified(context, etag)) return;
  const response = new InstancesResponse(service, context, { target, representation, etag });
  await (isMultipart ? response.sendParts() : response.sendAlone());
}

interface InstancesRequest {
  readonly target: RetrieveTarget;
  readonly representation: InstanceRepresentation;
  readonly etag: string;
}

class InstancesResponse {
  readonly #service: DicomwebService;
  readonly #context: RequestContext;
  readonly #request: InstancesRequest;

  constructor(service: DicomwebService, context: RequestContext, request: InstancesRequest) {
    this.#service = service;
    this.#context = context;
    this.#request = request;
  }

  async sendParts(): Promise<void> {
    const { status, isStored } = await this.#survey();
    const { etag } = this.#request;
    const head = { status, etag, headers: status === 206 ? [partialWarning] : [] };
    if (this.#context.isAborted) return;
    if (isStored) await respondParts(this.#context, head, mediaType, () => this.#parts());
    else respondStreamedParts(this.#context, head, mediaType, this.#parts());
  }

  async sendAlone(): Promise<void> {
    const [record, another] = this.#records();
    if (record === undefined) throw new GantryError('not-found');
    if (another !== undefined) {
      throw new GantryError('not-acceptable', 'several instances are served as multipart/related');
    }
    const form = this.#formOf(record);
    if (form === undefined) throw this.#refusal(record);
    const { contentType, body } = await this.#part(record, form);
    const headers = [
      ['content-disposition', `attachment; filename="${record.sopInstanceUid}.dcm"`],
      ['content-location', this.#urlOf(record)],
    ] as const;
    const { etag } = this.#request;
    respondSingle(this.#context, { status: 200, contentType, etag, headers }, body);
  }

  /** Goes through all instances before the first byte, because the status depends on them. */
  async #survey(): Promise<{ readonly status: 200 | 206; readonly isStored: boolean }> {
    const { representation, target } = this.#request;
    if (representation.isAlwaysStored) return { status: 200, isStored: true };
    let takenCount = 0;
    let refused: InstanceRecord | undefined;
    let count = 0;
    let isStored = true;
    for (const page of this.#service.engine.instancePages(target)) {
      for (const record of page) {
        count++;
        const form = this.#formOf(record);
        if (form === undefined) refused = record;
        else takenCount++;
        isStored &&= form?.isStored !== false;
      }
      await new Promise(setImmediate);
    }
    if (count > 1 && !this.#service.dialect.transcodesSeveral) {
      const detail = 'of several instances only transfer-syntax=* is served';
      throw new GantryError('not-acceptable', detail);
    }
    if (takenCount === 0 && refused !== undefined) throw this.#refusal(refused);
    return { status: refused === undefined ? 200 : 206, isStored };
  }

  *#records(): Generator<InstanceRecord> {
    for (const page of this.#service.engine.instancePages(this.#request.target)) yield* page;
  }

  *#parts(): Generator<ResponsePart | Promise<ResponsePart>> {
    for (const record of this.#records()) {
      const form = this.#formOf(record);
      if (form !== undefined) yield this.#part(record, form);
    }
  }

  #part(record: InstanceRecord, form: InstanceForm): ResponsePart | Promise<ResponsePart> {
    const { engine } = this.#service;
    const { partition } = this.#request.target;
    const part = (body: ResponsePart['body']): ResponsePart => ({
      contentType: `${mediaType}; transfer-syntax=${form.transferSyntaxUid}`,
      headers: [['Content-Location', this.#urlOf(record)]],
      body,
    });
    return form.isStored
      ? part(engine.retrieveInstance(partition, record))
      : engine.transcodeInstance(partition, record, form.transferSyntaxUid).then(part);
  }

  #formOf(record: InstanceRecord): InstanceForm | undefined {
    const { engine, dialect } = this.#service;
    const { partition } = this.#request.target;
    const stored = {
      transferSyntaxUid: record.transferSyntaxUid,
      refusalOf: (uid: string) => engine.instanceTranscodingRefusal(partition, record, uid),
    };
    return findInstanceForm(this.#request.representation, stored, dialect.keepsLossy);
  }

  #urlOf(record: InstanceRecord): string {
    return instanceUrl(studiesUrl(this.#service, this.#context), record);
  }

  #refusal(record: InstanceRecord): GantryError {
    return new GantryError(
      'not-acceptable',
      `stored in transfer syntax ${record.transferSyntaxUid}; ask for transfer-syntax=*`,
    );
  }
}
