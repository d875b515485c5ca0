import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import type { InstanceKey } from '#engine/store/catalog/catalog-records.js';

/**
 * Why an instance is not back: `not-in-segments` the index knows it, no segment has it, as with those that were values of the
 * catalogue; `damaged` its bytes fail their checksum; `unreadable` its bytes are whole and cannot be read as DICOM.
 *
 * Or why it is back and may not be what it was: `deletion-unknown` it came behind the last change of the index, so that its deletion
 * would not be known; `version-unknown` the index knows a later change of it, which was an undeletion or a replacement that is lost.
 */
export type RebuildLossReason = 'not-in-segments' | 'damaged' | 'unreadable';
export type RebuildDoubtReason = 'deletion-unknown' | 'version-unknown';

/** One line of the list of what is lost or uncertain. */
export interface RebuildLoss extends InstanceKey {
  readonly partition: number;
  readonly reason: RebuildLossReason | RebuildDoubtReason;
}

export interface RebuildCatalogReport {
  readonly startedAt: string;
  readonly durationMs: number;
  /** Bytes of segment files, all of which were read. */
  readonly segmentBytes: number;
  readonly segmentBytesPerSecond: number;
  /** Instances that are back. */
  readonly instanceCount: number;
  /** Found in segments and left out: deleted, as the index says, or an older version of what is back. */
  readonly deletedCount: number;
  readonly supersededCount: number;
  readonly lostCount: number;
  readonly uncertainCount: number;
  /** The first hundred of the list, and the file that has all. */
  readonly losses: readonly RebuildLoss[];
  readonly lossFile: string;
  /** Last change that the index knew of; absent when it was not asked: then nobody knows what was deleted or is lost. */
  readonly indexSequence?: number;
  /** The new change log begins behind this number, so that none is used again. */
  readonly changeLogStart: number;
}

const keptMax = 100;

/** Writes the list of losses, a JSON object a line, and counts them. */
export class LossList {
  readonly first: RebuildLoss[] = [];
  lostCount = 0;
  uncertainCount = 0;
  readonly #fd: number;

  constructor(path: string) {
    this.#fd = openSync(path, 'w', 0o600);
  }

  add(loss: RebuildLoss): void {
    const isBack = loss.reason === 'deletion-unknown' || loss.reason === 'version-unknown';
    if (isBack) this.uncertainCount += 1;
    else this.lostCount += 1;
    if (this.first.length < keptMax) this.first.push(loss);
    writeSync(this.#fd, `${JSON.stringify(loss)}\n`);
  }

  close(): void {
    fsyncSync(this.#fd);
    closeSync(this.#fd);
  }
}
