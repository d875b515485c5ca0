import { GantryError, toGantryError } from '#engine/base/error-catalogue.js';
import { explicitVrLittleEndianUid } from '#engine/dicom/dictionary/transfer-syntaxes.js';
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
  unnamedSyntax,
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
import type { SectionBody } from './section-source.js';
import { startedAhead } from './started-ahead.js';
import { prefersZip, respondZip } from './zip-response.js';

const mediaType = 'application/dicom';

/** Instances that codecs begin with beside the one that is sent. */
const instancesAhead = 2;

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
  const form = `instances.${choices.join(';')}-${isMultipart} ${studiesUrl(service, context)}`;
  const etag = etagOf(resource, target, form);
  if (answerNotModified(context, etag)) return;
  const response = new InstancesResponse(service, context, { target, representation, etag });
  await (isMultipart ? response.sendParts() : response.sendAlone());
}

interface InstancesRequest {
  readonly target: RetrieveTarget;
  readonly representation: InstanceRepresentation;
  readonly etag: string;
}

/** An instance with the form in which it leaves. */
interface ChosenInstance {
  readonly record: InstanceRecord;
  readonly form: InstanceForm;
}

/** `chosen`: all that are sent are sent as stored; they are many of which some are made; or the only one. */
interface Survey {
  readonly status: 200 | 206;
  readonly chosen: 'stored' | 'many' | ChosenInstance;
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
    const { status, chosen } = await this.#survey();
    if (this.#context.isAborted) return;
    const head = {
      status,
      etag: this.#request.etag,
      headers: status === 206 ? [partialWarning] : [],
    };
    if (chosen === 'stored') {
      await respondParts(this.#context, head, mediaType, () => this.#storedParts());
    } else if (chosen === 'many') {
      await respondStreamedParts(this.#context, head, mediaType, this.#madeParts());
    } else {
      const part = await this.#part(chosen);
      await respondParts(this.#context, head, mediaType, () => [part].values());
    }
  }

  async sendAlone(): Promise<void> {
    const [record, another] = this.#records();
    if (record === undefined) throw new GantryError('not-found');
    if (another !== undefined) {
      throw new GantryError('not-acceptable', 'several instances are served as multipart/related');
    }
    const form = this.#formOf(record);
    if (form === undefined) throw this.#refusal(record);
    const { contentType, body } = await this.#part({ record, form });
    const headers = [
      ['content-disposition', `attachment; filename="${record.sopInstanceUid}.dcm"`],
      ['content-location', this.#urlOf(record)],
    ] as const;
    const { etag } = this.#request;
    await respondSingle(this.#context, { status: 200, contentType, etag, headers }, body);
  }

  /** Goes through all instances before the first byte, because the status depends on them. */
  async #survey(): Promise<Survey> {
    const { representation, target } = this.#request;
    if (representation.isAlwaysStored) return { status: 200, chosen: 'stored' };
    let refused: InstanceRecord | undefined;
    let first: ChosenInstance | undefined;
    let count = 0;
    let isMany = false;
    let isStored = true;
    for (const page of this.#service.engine.instancePages(target)) {
      for (const record of page) {
        count++;
        const form = this.#formOf(record);
        if (form === undefined) {
          refused = record;
          continue;
        }
        isStored &&= form.isStored;
        isMany ||= first !== undefined;
        first ??= { record, form };
      }
      await new Promise(setImmediate);
    }
    if (count > 1 && !this.#service.dialect.transcodesSeveral) {
      const detail = 'of several instances only transfer-syntax=* is served';
      throw new GantryError('not-acceptable', detail);
    }
    if (first === undefined) throw refused ? this.#refusal(refused) : new GantryError('not-found');
    const chosen = isStored ? 'stored' : isMany ? 'many' : first;
    return { status: refused === undefined ? 200 : 206, chosen };
  }

  *#records(): Generator<InstanceRecord> {
    for (const page of this.#service.engine.instancePages(this.#request.target)) yield* page;
  }

  *#chosen(): Generator<ChosenInstance> {
    for (const record of this.#records()) {
      const form = this.#formOf(record);
      if (form !== undefined) yield { record, form };
    }
  }

  *#storedParts(): Generator<ResponsePart> {
    for (const { record } of this.#chosen()) yield this.#storedPart(record);
  }

  /**
   * Parts of which some are made. One that fails before its first byte is left out and the others follow; the response then
   * breaks off at its end, so that no client takes it for whole.
   */
  *#madeParts(): Generator<Promise<ResponsePart | undefined>> {
    let failure: unknown;
    const open = async (chosen: ChosenInstance): Promise<ResponsePart | undefined> => {
      try {
        return await this.#part(chosen);
      } catch (error) {
        failure = error;
        return undefined;
      }
    };
    yield* startedAhead(this.#chosen(), open, instancesAhead);
    if (failure !== undefined) throw toGantryError(failure);
  }

  async #part({ record, form }: ChosenInstance): Promise<ResponsePart> {
    if (form.isStored) return this.#storedPart(record);
    const { partition } = this.#request.target;
    const { transferSyntaxUid } = form;
    const body = await this.#service.engine.transcodeInstance(partition, record, transferSyntaxUid);
    return this.#partOf(record, transferSyntaxUid, body);
  }

  #storedPart(record: InstanceRecord): ResponsePart {
    const body = this.#service.engine.retrieveInstance(this.#request.target.partition, record);
    return this.#partOf(record, record.transferSyntaxUid, body);
  }

  #partOf(record: InstanceRecord, transferSyntaxUid: string, body: SectionBody): ResponsePart {
    return {
      contentType: `${mediaType}; transfer-syntax=${transferSyntaxUid}`,
      headers: [['Content-Location', this.#urlOf(record)]],
      body,
    };
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
    const { choices } = this.#request.representation;
    const wanted = choices[0]?.[0] ?? '';
    const uid = wanted === unnamedSyntax ? explicitVrLittleEndianUid : wanted;
    const { partition } = this.#request.target;
    const reason = this.#service.engine.instanceTranscodingRefusal(partition, record, uid);
    return new GantryError(
      'not-acceptable',
      `stored in transfer syntax ${record.transferSyntaxUid}, ask for it or for *; not in ${uid}: ${reason}`,
    );
  }
}
