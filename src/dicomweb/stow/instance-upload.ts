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

/**
 * Instances that may be under way before the sender is asked to pause. Long ones are held back by their bytes long before; of short
 * ones what is kept of each is more than its bytes.
 */
export const instancesUnderWayMax = 512;

/** A Store request whose parts are instances (PS3.18 §10.5.1): each goes its own way through the engine while the next arrives. */
export class InstanceUpload implements Upload {
  readonly #session: StoreSession;
  readonly #onDrain: () => void;
  readonly #outcomes: Promise<PartOutcome>[] = [];
  #underWay = 0;
  #isPauseAsked = false;

  /** `onDrain` is called when the sender may go on after a part asked for a pause; the session has its own. */
  constructor(session: StoreSession, onDrain: () => void) {
    this.#session = session;
    this.#onDrain = onDrain;
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
      write: (bytes) => {
        const hasRoom = session.write(bytes);
        this.#isPauseAsked ||= this.#underWay >= instancesUnderWayMax;
        return hasRoom && !this.#isPauseAsked;
      },
      end: () => this.#outcomes.push(this.#store(partNumber)),
      abandon: () => session.abandonInstance(),
    };
  }

  finish(): Promise<PartOutcome[]> {
    return Promise.all(this.#outcomes);
  }

  /** Ends the instance begun. */
  async #store(partNumber: number): Promise<PartOutcome> {
    this.#underWay += 1;
    const outcome = await this.#session.endInstance();
    this.#underWay -= 1;
    if (this.#isPauseAsked && this.#underWay <= instancesUnderWayMax / 2) {
      this.#isPauseAsked = false;
      this.#onDrain();
    }
    return { ...outcome, partNumber };
  }

  close(): Promise<void> {
    this.#session.close();
    return Promise.resolve();
  }
}
