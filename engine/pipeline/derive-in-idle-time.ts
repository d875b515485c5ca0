import { setTimeout as delay } from 'node:timers/promises';
import { toGantryError } from '#engine/base/error-catalogue.js';
import type { Logger } from '#engine/base/logger.js';
import { findTransferSyntax, htj2kRpclUid } from '#engine/dicom/dictionary/transfer-syntaxes.js';
import { nativeFrameBytes } from '#engine/dicom/pixel-data/image-pixel-description.js';
import type { CatalogReader } from '#engine/store/catalog/catalog-reader.js';
import type { ChangeRecord, InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import type { DerivedFrames } from './derived-frames.js';
import type { InstanceLayouts } from './instance-layouts.js';
import type { FrameTranscoder } from './transcode-frame.js';

/** How long nobody must have needed a codec or stored anything. */
const idleMs = 500;
const pauseMs = 200;
const changesPerRead = 64;

export interface IdleDerivationParts {
  readonly reader: CatalogReader;
  readonly layouts: InstanceLayouts;
  readonly frames: FrameTranscoder;
  readonly derived: DerivedFrames;
  readonly log: Logger;
  /** Whether something is being stored. */
  isStoring(): boolean;
}

/**
 * Follows the change log and encodes what was stored as HTJ2K, frame by frame, while nobody else needs the codecs: viewers and
 * ingest come first, and a viewer waits for the frame at hand at most. Each step leaves a position behind, so that a restart goes
 * on; without one everything stored is gone through again.
 */
export class IdleDerivation {
  readonly #parts: IdleDerivationParts;
  readonly #ending = new AbortController();
  readonly #done: Promise<void>;
  #framesDerived = 0;

  constructor(parts: IdleDerivationParts) {
    this.#parts = parts;
    this.#done = this.#follow().catch((error: unknown) => {
      if (this.#ending.signal.aborted) return;
      const { code, detail } = toGantryError(error);
      parts.log.error({ code, detail }, 'frames are no longer encoded ahead');
    });
  }

  get framesDerived(): number {
    return this.#framesDerived;
  }

  /** Ends with the frame at hand. */
  async close(): Promise<void> {
    this.#ending.abort();
    await this.#done;
  }

  async #follow(): Promise<void> {
    const { reader, derived } = this.#parts;
    let position = await derived.readPosition();
    // A restored backup may know less than the folder does.
    if (position > reader.lastSequence()) position = 0;
    for (;;) {
      const changes = reader.readChanges(position, changesPerRead);
      if (changes.length === 0) await this.#pause();
      for (const change of changes) {
        await this.#take(change);
        position = change.sequence;
        await this.#writePosition(position);
      }
    }
  }

  /** Where it cannot be written, on a full disk, a restart goes through more again. */
  async #writePosition(position: number): Promise<void> {
    const { derived, log } = this.#parts;
    try {
      await derived.writePosition(position);
    } catch (error) {
      log.debug({ err: error }, 'position of encoding ahead not written');
    }
  }

  async #take(change: ChangeRecord): Promise<void> {
    const { reader, derived, log } = this.#parts;
    const { partition, action, sopInstanceUid } = change;
    const record = reader.findInstance(partition, change);
    if (action === 'delete' || record === undefined) return derived.remove(partition, change);
    try {
      if (!this.#isWorthIt(partition, record) || (await derived.has(partition, record))) return;
      await derived.keep(partition, record, this.#encoded(partition, record));
    } catch (error) {
      if (this.#ending.signal.aborted) throw error;
      const { code, detail } = toGantryError(error);
      log.debug({ sopInstanceUid, code, detail }, 'not encoded ahead');
    }
  }

  /** What has lost information would become larger, and what is HTJ2K needs nothing. */
  #isWorthIt(partition: number, record: InstanceRecord): boolean {
    const { layouts, frames, derived } = this.#parts;
    const from = findTransferSyntax(record.transferSyntaxUid);
    const { pixel } = layouts.layoutOf(partition, record);
    if (from === undefined || from.isLossy || from.frameMediaType === 'image/jphc') return false;
    if (pixel.kind === 'none') return false;
    if (frames.refusal(partition, record, htj2kRpclUid) !== undefined) return false;
    const frameBytes = nativeFrameBytes(layouts.imagePixelDescription(partition, record));
    return frameBytes * pixel.frameCount <= derived.bytesMax;
  }

  async *#encoded(partition: number, record: InstanceRecord): AsyncGenerator<Uint8Array> {
    const { layouts, frames } = this.#parts;
    const { pixel } = layouts.layoutOf(partition, record);
    const frameCount = pixel.kind === 'none' ? 0 : pixel.frameCount;
    for (let frameNumber = 1; frameNumber <= frameCount; frameNumber++) {
      const address = { partition, record, frameNumber };
      let frame: Promise<Uint8Array> | undefined;
      while (frame === undefined) {
        this.#ending.signal.throwIfAborted();
        if (this.#parts.isStoring()) await this.#pause();
        else frame = frames.transcodeIfIdle(address, htj2kRpclUid, idleMs);
        if (frame === undefined) await this.#pause();
      }
      yield await frame;
      this.#framesDerived++;
    }
  }

  /** Rejects when it is to end. */
  async #pause(): Promise<void> {
    await delay(pauseMs, undefined, { signal: this.#ending.signal, ref: false });
  }
}
