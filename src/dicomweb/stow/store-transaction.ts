import { GantryError, toGantryError } from '#engine/base/error-catalogue.js';
import type { Engine, StoreOutcome, StoreSession } from '#engine/engine-types.js';
import {
  mediaTypeParameter,
  parseMediaType,
  type MediaType,
} from '#engine/multipart/media-type.js';
import { MultipartRelatedReader } from '#engine/multipart/multipart-related-reader.js';
import type { RequestContext } from '#src/http/request-context.js';
import { requireUid, studiesUrl, type DicomwebService } from '../dicomweb-service.js';
import { storeResponse } from './store-response.js';

const partMediaType = 'application/dicom';

/**
 * Store transaction, PS3.18 §10.5: `POST /studies` and `POST /studies/{study}`. Each part goes its own way through the engine
 * while the next arrives; the answer waits for all of them.
 */
export async function storeTransaction(
  service: DicomwebService,
  context: RequestContext,
): Promise<void> {
  const contentType = context.header('content-type') ?? '';
  const study = context.params['study'];
  if (study !== undefined) requireUid(study, 'study');
  const upload = new StoreUpload(service.engine, context, study);
  const outcomes = await upload.receive(contentType);
  if (context.isAborted) return;
  const { status, dataSet } = storeResponse(outcomes, studiesUrl(service, context));
  context.respondJson(status, dataSet, 'application/dicom+json');
}

/** One request body on its way into a store session. */
class StoreUpload {
  readonly #context: RequestContext;
  readonly #session: StoreSession;
  readonly #outcomes: Promise<StoreOutcome>[] = [];
  #isInstanceOpen = false;

  constructor(engine: Engine, context: RequestContext, studyInstanceUid: string | undefined) {
    this.#context = context;
    this.#session = engine.openStoreSession({
      partition: 0,
      correlationId: context.correlationId,
      onDrain: () => this.#context.resumeBody(),
      ...(studyInstanceUid === undefined ? {} : { studyInstanceUid }),
    });
  }

  /** Outcomes of all parts in order. Rejects when the body as a whole cannot be understood and nothing was stored. */
  async receive(contentType: string): Promise<StoreOutcome[]> {
    try {
      const bodyError = await this.#receiveBody(contentType);
      const outcomes = await Promise.all(this.#outcomes);
      if (bodyError === undefined) return outcomes;
      if (outcomes.every((outcome) => outcome.result === 'failed')) throw bodyError;
      return [...outcomes, { result: 'failed', error: bodyError }];
    } finally {
      this.#session.close();
    }
  }

  /** Resolves with the error that made the rest of the body unreadable, if any. */
  async #receiveBody(contentType: string): Promise<GantryError | undefined> {
    const mediaType = parseMediaType(contentType);
    if (mediaType?.type === partMediaType) return this.#receiveSinglePart();
    if (mediaType === undefined || !isMultipartDicom(mediaType)) {
      throw new GantryError(
        'unsupported-media-type',
        'the content type is not multipart/related; type="application/dicom"',
      );
    }
    const boundary = mediaTypeParameter(mediaType, 'boundary');
    if (boundary === undefined) throw new GantryError('bad-request', 'the boundary is missing');
    const reader = new MultipartRelatedReader(boundary, {
      onPartBegin: (headers) => this.#beginPart(headers.get('content-type')),
      onPartData: (bytes) => this.#write(bytes),
      onPartEnd: () => this.#endPart(),
    });
    const error = await this.#deliver(
      (chunk) => reader.push(chunk),
      () => reader.end(),
    );
    if (error === undefined && this.#outcomes.length === 0) {
      return new GantryError('bad-request', 'the body has no parts');
    }
    return error;
  }

  async #receiveSinglePart(): Promise<GantryError | undefined> {
    this.#beginPart(partMediaType);
    return this.#deliver(
      (chunk) => this.#write(chunk),
      () => this.#endPart(),
    );
  }

  /** Hands the body to `push` and `end`; what they throw ends the reading, and the rest of the body is dropped. */
  #deliver(push: (chunk: Uint8Array) => void, end: () => void): Promise<GantryError | undefined> {
    return new Promise((resolve) => {
      let isOver = false;
      const finish = (error: GantryError | undefined): void => {
        isOver = true;
        if (this.#isInstanceOpen) this.#session.abandonInstance();
        this.#isInstanceOpen = false;
        resolve(error);
      };
      const attempt = (step: () => void): void => {
        if (isOver) return;
        try {
          step();
        } catch (error) {
          finish(toGantryError(error));
        }
      };
      this.#context.onAborted(() => finish(new GantryError('aborted')));
      this.#context.receiveBody({
        onChunk: (chunk) => attempt(() => push(chunk)),
        onEnd: () => {
          attempt(end);
          if (!isOver) finish(undefined);
        },
      });
    });
  }

  #beginPart(contentType: string | undefined): void {
    // A part without a content type is taken for DICOM: clients forget the header more often than they send something else.
    const type = contentType === undefined ? partMediaType : parseMediaType(contentType)?.type;
    if (type === partMediaType) {
      this.#session.beginInstance();
      this.#isInstanceOpen = true;
      return;
    }
    const error = new GantryError('unsupported-media-type', 'a part is not application/dicom');
    this.#outcomes.push(Promise.resolve({ result: 'failed', error }));
  }

  #write(bytes: Uint8Array): void {
    if (this.#isInstanceOpen && !this.#session.write(bytes)) this.#context.pauseBody();
  }

  #endPart(): void {
    if (!this.#isInstanceOpen) return;
    this.#isInstanceOpen = false;
    this.#outcomes.push(this.#session.endInstance());
  }
}

function isMultipartDicom(mediaType: MediaType): boolean {
  const partType = mediaTypeParameter(mediaType, 'type') ?? partMediaType;
  return mediaType.type === 'multipart/related' && partType.toLowerCase() === partMediaType;
}
