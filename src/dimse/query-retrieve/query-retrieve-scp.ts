import { GantryError, toGantryError } from '#engine/base/error-catalogue.js';
import type { Logger } from '#engine/base/logger.js';
import { encodeDataSet } from '#engine/dicom/data-set/encode-data-set.js';
import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';
import { dimseStatus } from '#engine/dimse/dimse-status.js';
import type {
  AcceptedAssociation,
  DataSetReceiver,
  DimseRequest,
  ResponseElements,
  ServiceProvider,
} from '../service-provider.js';
import { negotiatedOptions } from './extended-negotiation.js';
import type { NegotiatedOptions } from './extended-negotiation.js';
import { queryRetrieveFailure, receiveIdentifier } from './identifier.js';
import { findInformationModel } from './information-models.js';
import type { InformationModel } from './information-models.js';
import type { RetrieveRequester } from './retrieve-instances.js';

/** One operation under way. */
export interface QueryRetrieveOperation {
  readonly request: DimseRequest;
  readonly identifier: JsonDataSet;
  readonly model: InformationModel;
  readonly options: NegotiatedOptions;
  /** Aborted by C-CANCEL, and by the end of the association. */
  readonly signal: AbortSignal;
}

/** The last response of an operation. */
export interface FinalResponse {
  readonly elements: ResponseElements;
  readonly identifier?: JsonDataSet;
}

/** What C-FIND, C-GET and C-MOVE have in common: their identifier, their end, C-CANCEL (PS3.7 §9.3.2.3). */
export abstract class QueryRetrieveScp implements ServiceProvider {
  abstract readonly commandField: number;
  readonly #association: AcceptedAssociation;
  readonly #service: InformationModel['service'];
  readonly #logger: Logger;
  /** By message id. */
  readonly #running = new Map<number, AbortController>();

  constructor(
    association: AcceptedAssociation,
    service: InformationModel['service'],
    logger: Logger,
  ) {
    this.#association = association;
    this.#service = service;
    this.#logger = logger;
  }

  /** What it rejects with becomes the final response. */
  protected abstract perform(operation: QueryRetrieveOperation): Promise<FinalResponse>;

  /** The requestor of a retrieval, which gets its counters in pending responses. */
  protected requesterOf({ request }: QueryRetrieveOperation): RetrieveRequester {
    return {
      associationId: this.#association.associationId,
      onProgress: (elements) => this.#association.respondPending(request, elements),
    };
  }

  begin(request: DimseRequest): DataSetReceiver | undefined {
    if (request.hasDataSet) {
      return receiveIdentifier(request, (identifier) => void this.#run(request, identifier));
    }
    void this.#run(request, new GantryError('bad-request', 'no identifier'));
    return undefined;
  }

  cancel(messageId: number): void {
    this.#running.get(messageId)?.abort();
  }

  close(): void {
    for (const controller of this.#running.values()) controller.abort();
  }

  /** Answers in every case. */
  async #run(request: DimseRequest, identifier: JsonDataSet | GantryError): Promise<void> {
    const { messageId } = request;
    if (this.#running.has(messageId)) {
      return this.#association.respond(request, { status: dimseStatus.duplicateInvocation });
    }
    const controller = new AbortController();
    this.#running.set(messageId, controller);
    const { elements, identifier: answer } = await this.#answer(request, identifier, controller);
    this.#running.delete(messageId);
    const { transferSyntaxUid } = request.context;
    this.#association.respond(
      request,
      elements,
      answer === undefined ? undefined : encodeDataSet(answer, transferSyntaxUid),
    );
  }

  async #answer(
    request: DimseRequest,
    identifier: JsonDataSet | GantryError,
    { signal }: AbortController,
  ): Promise<FinalResponse> {
    const { abstractSyntaxUid } = request.context;
    try {
      const model = findInformationModel(abstractSyntaxUid);
      if (model?.service !== this.#service) {
        throw new GantryError('sop-class-unsupported', 'not a context of this service');
      }
      if (identifier instanceof GantryError) throw identifier;
      const options = negotiatedOptions(this.#association.extendedNegotiation(abstractSyntaxUid));
      return await this.perform({ request, identifier, model, options, signal });
    } catch (error) {
      if (signal.aborted) return { elements: { status: dimseStatus.cancel } };
      return { elements: this.#fail(toGantryError(error)) };
    }
  }

  #fail(error: GantryError): ResponseElements {
    const elements = queryRetrieveFailure(error, this.#service);
    this.#logger.warn(
      {
        associationId: this.#association.associationId,
        service: this.#service,
        code: error.code,
        detail: error.detail,
        status: elements.status,
        ...(error.cause !== undefined && { err: error.cause }),
      },
      'query or retrieve failed',
    );
    return elements;
  }
}
