import { GantryError, toGantryError } from '#engine/base/error-catalogue.js';
import { explicitVrLittleEndianUid } from '#engine/dicom/dictionary/transfer-syntaxes.js';
import type { RetrieveTarget } from '#engine/engine-types.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import type { RequestContext } from '#src/http/request-context.js';
import { instanceUrl, studiesUrl, type DicomwebService } from '../dicomweb-service.js';
import {
  findInstanceForm,
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

const mediaType = 'application/dicom';

/** Instances that codecs begin with beside the one that is sent. */
const instancesAhead = 2;

/** Which instances are asked for, and how they are sent. */
export interface InstancesRequest {
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

/** Answers with instances. Their number is not bounded: they are gone through a page at a time, once to decide and once to send. */
export class InstancesResponse {
  readonly #service: DicomwebService;
  readonly #context: RequestContext;
  readonly #request: InstancesRequest;
  readonly #studiesUrl: string;

  constructor(service: DicomwebService, context: RequestContext, request: InstancesRequest) {
    this.#service = service;
    this.#context = context;
    this.#request = request;
    this.#studiesUrl = studiesUrl(service, context);
  }

  /** One part an instance. 206 when some are left out, an error when all are. */
  async sendParts(): Promise<void> {
    await retryRefused(() => this.#sendParts());
  }

  /** The one instance, as the whole body. */
  async sendAlone(): Promise<void> {
    await retryRefused(() => this.#sendAlone());
  }

  async #sendParts(): Promise<void> {
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

  async #sendAlone(): Promise<void> {
    const [record, another] = this.#records();
    if (record === undefined) throw new GantryError('not-found');
    if (another !== undefined) {
      throw new GantryError('not-acceptable', 'several instances are served as multipart/related');
    }
    const offer = this.#offerOf(record);
    if (offer instanceof GantryError) throw offer;
    const { contentType, body } = await this.#part(offer);
    const headers = [
      ['content-disposition', `attachment; filename="${record.sopInstanceUid}.dcm"`],
      ['content-location', this.#urlOf(record)],
    ] as const;
    const { etag } = this.#request;
    await respondSingle(this.#context, { status: 200, contentType, etag, headers }, body);
  }

  /** Goes through all instances before the first byte, because the status depends on them. */
  async #survey(): Promise<Survey> {
    const { target } = this.#request;
    let refusal: GantryError | undefined;
    let first: ChosenInstance | undefined;
    let count = 0;
    let isMany = false;
    let isStored = true;
    for (const page of this.#service.engine.instancePages(target)) {
      for (const record of page) {
        count++;
        const offer = this.#offerOf(record);
        if (offer instanceof GantryError) {
          refusal = offer;
          continue;
        }
        isStored &&= offer.form.isStored;
        isMany ||= first !== undefined;
        first ??= offer;
      }
      await new Promise(setImmediate);
    }
    const { isAlwaysStored } = this.#request.representation;
    if (count > 1 && !isAlwaysStored && !this.#service.dialect.transcodesSeveral) {
      const detail = 'of several instances only transfer-syntax=* is served';
      throw new GantryError('not-acceptable', detail);
    }
    if (first === undefined) throw refusal ?? new GantryError('not-found');
    const chosen = isStored ? 'stored' : isMany ? 'many' : first;
    return { status: refusal === undefined ? 200 : 206, chosen };
  }

  *#records(): Generator<InstanceRecord> {
    for (const page of this.#service.engine.instancePages(this.#request.target)) yield* page;
  }

  *#chosen(): Generator<ChosenInstance> {
    for (const record of this.#records()) {
      const offer = this.#offerOf(record);
      if (!(offer instanceof GantryError)) yield offer;
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

  /** The instance in the form that it is sent in, or why it is not: nothing that the client takes, or known to be damaged. */
  #offerOf(record: InstanceRecord): ChosenInstance | GantryError {
    const form = this.#formOf(record);
    if (form === undefined) return this.#refusal(record);
    try {
      this.#service.engine.retrieveInstance(this.#request.target.partition, record);
      return { record, form };
    } catch (error) {
      if (error instanceof GantryError && error.code === 'corrupt') return error;
      throw error;
    }
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
    return instanceUrl(this.#studiesUrl, record);
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

/**
 * That a codestream is broken shows when it is decoded; from then on the engine refuses the instance. Before the first byte it
 * is not too late to choose again: another form of it, or the others without it.
 */
async function retryRefused(send: () => Promise<void>): Promise<void> {
  try {
    await send();
  } catch (error) {
    if (!(error instanceof GantryError) || error.code !== 'not-acceptable') throw error;
    await send();
  }
}
