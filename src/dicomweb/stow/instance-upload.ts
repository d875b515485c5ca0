import { GantryError } from '#engine/base/error-catalogue.js';
import type { StoreSession } from '#engine/engine-types.js';
import { parseMediaType } from '#engine/multipart/media-type.js';
import type { PartHeaders } from '#engine/multipart/multipart-related-reader.js';
import type { PartSink } from './receive-parts.js';
import type { PartOutcome } from './store-response.js';

export const dicomMediaType = 'application/dicom';

/** What a kind of Store request makes of its parts. */
export interface Upload {
  openPart(headers: PartHeaders, number: number): PartSink | undefined;
  /** The body has been read, or up to `bodyError`; outcomes of the instances in order. */
  finish(bodyError: GantryError | undefined): Promise<PartOutcome[]>;
  /** Releases what is held, whatever happened. */
  close(): Promise<void>;
}

/** A Store request whose parts are instances (PS3.18 §10.5.1): each goes its own way through the engine while the next arrives. */
export class InstanceUpload implements Upload {
  readonly #session: StoreSession;
  readonly #outcomes: Promise<PartOutcome>[] = [];

  constructor(session: StoreSession) {
    this.#session = session;
  }

  openPart(headers: PartHeaders, partNumber: number): PartSink | undefined {
    // A part without a content type is taken for DICOM: clients forget the header more often than they send something else.
    const type = parseMediaType(headers.get('content-type') ?? dicomMediaType)?.type;
    if (type !== dicomMediaType) {
      const error = new GantryError('unsupported-media-type', `not ${dicomMediaType}`);
      this.#outcomes.push(Promise.resolve({ result: 'failed', error, partNumber }));
      return undefined;
    }
    const session = this.#session;
    session.beginInstance();
    return {
      write: (bytes) => session.write(bytes),
      end: () => {
        this.#outcomes.push(session.endInstance().then((outcome) => ({ ...outcome, partNumber })));
      },
      abandon: () => session.abandonInstance(),
    };
  }

  finish(): Promise<PartOutcome[]> {
    return Promise.all(this.#outcomes);
  }

  close(): Promise<void> {
    this.#session.close();
    return Promise.resolve();
  }
}
