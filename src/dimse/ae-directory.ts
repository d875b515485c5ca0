import type { z } from 'zod';
import { GantryError } from '#engine/base/error-catalogue.js';
import { parseCandidate } from '#src/config/parse-candidate.js';
import { readSettingsFile } from './read-settings-file.js';
import { writeFileDurably } from './write-file-durably.js';

/** An application entity, ours or a peer. */
interface NamedAe {
  readonly aeTitle: string;
}

/** An application entity and where it is configured. */
export type ListedAe<Ae extends NamedAe> = Ae & { readonly origin: 'configuration' | 'api' };

export interface AeDirectoryOptions<Ae extends NamedAe> {
  /** What the entries are, in words: `remote AE`. */
  readonly what: string;
  readonly schema: z.ZodType<Ae>;
  readonly configured: readonly Ae[];
  readonly filePath: string;
}

/** Entries that may be added by the API; more would serve nobody. */
const addedMax = 10_000;

/**
 * Application entities by their title: those of the configuration, which stay as they are, and those added while the store runs,
 * which are kept in a file. Changes hold for the next association on.
 */
export class AeDirectory<Ae extends NamedAe> {
  readonly #options: AeDirectoryOptions<Ae>;
  readonly #configured: ReadonlyMap<string, Ae>;
  #added: ReadonlyMap<string, Ae>;
  /** Changes go one after another, so that none is lost. */
  #lastChange: Promise<void> = Promise.resolve();

  /** Reads the file, if there is one. Throws as `readSettingsFile`. */
  constructor(options: AeDirectoryOptions<Ae>) {
    this.#options = options;
    this.#configured = byTitle(options.configured);
    this.#added = byTitle(readSettingsFile(options.filePath, options.schema.array()) ?? []);
  }

  find(aeTitle: string): Ae | undefined {
    return this.#configured.get(aeTitle) ?? this.#added.get(aeTitle);
  }

  /** By AE title. */
  list(): ListedAe<Ae>[] {
    const added = [...this.#added.values()].filter(({ aeTitle }) => !this.#configured.has(aeTitle));
    return [
      ...[...this.#configured.values()].map((ae) => ({ ...ae, origin: 'configuration' as const })),
      ...added.map((ae) => ({ ...ae, origin: 'api' as const })),
    ].sort((a, b) => (a.aeTitle < b.aeTitle ? -1 : 1));
  }

  /**
   * Adds or replaces an entry; resolves when that is durable. `candidate` is judged here: throws `bad-request` when it is none,
   * `duplicate` when the configuration has one of its title.
   */
  async save(candidate: unknown): Promise<Ae> {
    const parsed = parseCandidate(this.#options.schema, candidate);
    const ae = { ...parsed, aeTitle: parsed.aeTitle.trim() };
    this.#requireChangeable(ae.aeTitle);
    await this.#change((added) => {
      if (added.size >= addedMax && !added.has(ae.aeTitle)) {
        throw new GantryError('bad-request', `too many: ${this.#options.what}`);
      }
      added.set(ae.aeTitle, ae);
    });
    return ae;
  }

  /** Throws `not-found`, or `duplicate` for an entry of the configuration. */
  async remove(aeTitle: string): Promise<void> {
    this.#requireChangeable(aeTitle);
    await this.#change((added) => {
      if (!added.delete(aeTitle)) throw new GantryError('not-found', this.#options.what);
    });
  }

  #requireChangeable(aeTitle: string): void {
    if (this.#configured.has(aeTitle)) {
      throw new GantryError(
        'duplicate',
        `the configuration has a ${this.#options.what} of this title`,
      );
    }
  }

  #change(change: (added: Map<string, Ae>) => void): Promise<void> {
    const done = this.#lastChange.then(async () => {
      const added = new Map(this.#added);
      change(added);
      const text = `${JSON.stringify([...added.values()], null, 2)}\n`;
      await writeFileDurably(this.#options.filePath, text);
      this.#added = added;
    });
    this.#lastChange = done.catch(() => undefined);
    return done;
  }
}

function byTitle<Ae extends NamedAe>(aes: readonly Ae[]): Map<string, Ae> {
  return new Map(aes.map((ae) => [ae.aeTitle.trim(), { ...ae, aeTitle: ae.aeTitle.trim() }]));
}
