import { existsSync } from 'node:fs';
import { GantryError } from '#engine/base/error-catalogue.js';
import { DuckdbQueryIndex } from '#engine/index/duckdb-query-index.js';
import type { InstanceRow } from '#engine/index/duckdb-query-index.js';
import type { InstanceKey } from '#engine/store/catalog/catalog-records.js';
import { duckdbOptions, type IndexMaintenanceOptions } from '../rebuild-index.js';
import { instanceName } from './instance-name.js';

const pageEntries = 2_048;

/**
 * The search index as what is left to tell which instances there were: one that it does not have was deleted, or never was, as
 * far as its last change goes.
 */
export class IndexWitness {
  readonly #index: DuckdbQueryIndex;

  private constructor(index: DuckdbQueryIndex) {
    this.#index = index;
  }

  /** Throws `store-unavailable` when the index is missing, damaged, or of another version. */
  static async open(path: string, options: IndexMaintenanceOptions): Promise<IndexWitness> {
    const advice =
      'without it deleted instances come back and nobody knows what is lost; if that is better than nothing, use --without-index';
    if (!existsSync(path)) {
      throw new GantryError('store-unavailable', `there is no search index: ${advice}`);
    }
    try {
      return new IndexWitness(await DuckdbQueryIndex.open(path, duckdbOptions(options)));
    } catch (cause) {
      const detail = `the search index cannot be read: ${advice}`;
      throw new GantryError('store-unavailable', detail, { cause });
    }
  }

  /** The last change that it knows of. */
  get sequence(): number {
    return this.#index.appliedSequence;
  }

  /** The newest change of each of the instances that the index has, by `instanceName`. */
  async sequencesOf(
    partition: number,
    keys: readonly InstanceKey[],
    sequenceMin: number,
  ): Promise<ReadonlyMap<string, number>> {
    const found = await this.#index.findInstances(partition, keys, sequenceMin);
    return new Map(found.map((each) => [instanceName(partition, each), each.sequence]));
  }

  /** All instances that the index has, in pages. */
  async *pages(): AsyncGenerator<readonly InstanceRow[]> {
    for (let behind = 0; ;) {
      const page = await this.#index.instancesBehind(behind, pageEntries);
      const last = page.at(-1);
      if (last === undefined) return;
      yield page;
      behind = last.sequence;
    }
  }

  async close(): Promise<void> {
    await this.#index.close();
  }
}
