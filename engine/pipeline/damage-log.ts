import { GantryError } from '#engine/base/error-catalogue.js';
import type { Logger } from '#engine/base/logger.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import type { BlobAddress } from './read-blob.js';
import { contentKey } from './instance-layouts.js';

/** Damaged instances that are remembered; a store with more has worse trouble than a repeated log line. */
const rememberedMax = 10_000;

/**
 * Instances of which damaged bytes were found since the start: each is logged once. A retrieve of one that is known is refused
 * at once; the first one may have sent sound bytes before it met the damage, and was cut off there.
 */
export class DamageLog {
  readonly #log: Logger;
  readonly #known = new Map<string, string>();
  #count = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Reads that were refused because of damage. */
  get count(): number {
    return this.#count;
  }

  note({ partition, record }: BlobAddress, detail: string): void {
    this.#count += 1;
    const key = contentKey(partition, record);
    if (this.#known.has(key) || this.#known.size >= rememberedMax) return;
    this.#known.set(key, detail);
    const { studyInstanceUid, seriesInstanceUid, sopInstanceUid, blob } = record;
    this.#log.error(
      {
        ...{ partition, studyInstanceUid, seriesInstanceUid, sopInstanceUid, detail },
        ...{ store: blob.store, segment: blob.segment, offset: blob.offset },
      },
      'stored bytes are damaged',
    );
  }

  /** Throws `corrupt` for an instance that is known to be damaged. */
  refuseKnown(partition: number, record: InstanceRecord): void {
    const detail = this.#known.get(contentKey(partition, record));
    if (detail === undefined) return;
    this.#count += 1;
    throw new GantryError('corrupt', detail);
  }
}
