import { readFileSync } from 'node:fs';
import { GantryError } from '#engine/base/error-catalogue.js';
import { remoteAe } from '#src/config/option-types.js';
import type { RemoteAe } from '#src/config/option-types.js';
import { writeFileDurably } from './write-file-durably.js';

/** A remote AE and where it is configured. */
export type ListedRemoteAe = RemoteAe & { readonly origin: 'configuration' | 'api' };

const remoteAeSchema = remoteAe().schema;

/** Remote AEs that may be added by the API; more would make every association search longer and serve nobody. */
const apiRemoteAesMax = 10_000;

/**
 * The peers that the store knows: those of the configuration, which stay as they are, and those added while it runs, which are
 * kept in a file. Changes hold for the next association on.
 */
export class RemoteAes {
  readonly #filePath: string;
  readonly #configured: ReadonlyMap<string, RemoteAe>;
  #added: ReadonlyMap<string, RemoteAe>;
  /** Changes go one after another, so that none is lost. */
  #lastChange: Promise<void> = Promise.resolve();

  /** Reads the file, if there is one. Throws when it is not what this class wrote: peers must not vanish silently. */
  constructor(configured: readonly RemoteAe[], filePath: string) {
    this.#filePath = filePath;
    this.#configured = byTitle(configured);
    this.#added = byTitle(readRemoteAes(filePath));
  }

  find(aeTitle: string): RemoteAe | undefined {
    return this.#configured.get(aeTitle) ?? this.#added.get(aeTitle);
  }

  /** By AE title. */
  list(): ListedRemoteAe[] {
    const added = [...this.#added.values()].filter(({ aeTitle }) => !this.#configured.has(aeTitle));
    return [
      ...[...this.#configured.values()].map((ae) => ({ ...ae, origin: 'configuration' as const })),
      ...added.map((ae) => ({ ...ae, origin: 'api' as const })),
    ].sort((a, b) => (a.aeTitle < b.aeTitle ? -1 : 1));
  }

  /**
   * Adds or replaces a peer; resolves when that is durable. `candidate` is judged here: throws `bad-request` when it is no remote
   * AE, `duplicate` when the configuration has one of its title.
   */
  async save(candidate: unknown): Promise<RemoteAe> {
    const parsed = remoteAeSchema.safeParse(candidate);
    if (!parsed.success) {
      const faults = parsed.error.issues.map(
        ({ path, message }) => `${path.join('.')}: ${message}`,
      );
      throw new GantryError('bad-request', faults.join('; '));
    }
    const ae = { ...parsed.data, aeTitle: parsed.data.aeTitle.trim() };
    this.#requireChangeable(ae.aeTitle);
    await this.#change((added) => {
      if (added.size >= apiRemoteAesMax && !added.has(ae.aeTitle)) {
        throw new GantryError('bad-request', 'too many remote AEs');
      }
      added.set(ae.aeTitle, ae);
    });
    return ae;
  }

  /** Throws `not-found`, or `duplicate` for a peer of the configuration. */
  async remove(aeTitle: string): Promise<void> {
    this.#requireChangeable(aeTitle);
    await this.#change((added) => {
      if (!added.delete(aeTitle)) throw new GantryError('not-found', 'remote AE');
    });
  }

  #requireChangeable(aeTitle: string): void {
    if (this.#configured.has(aeTitle)) {
      throw new GantryError('duplicate', 'the configuration has a remote AE of this title');
    }
  }

  #change(change: (added: Map<string, RemoteAe>) => void): Promise<void> {
    const done = this.#lastChange.then(async () => {
      const added = new Map(this.#added);
      change(added);
      await writeFileDurably(this.#filePath, `${JSON.stringify([...added.values()], null, 2)}\n`);
      this.#added = added;
    });
    this.#lastChange = done.catch(() => undefined);
    return done;
  }
}

function byTitle(aes: readonly RemoteAe[]): Map<string, RemoteAe> {
  return new Map(aes.map((ae) => [ae.aeTitle.trim(), { ...ae, aeTitle: ae.aeTitle.trim() }]));
}

function readRemoteAes(path: string): readonly RemoteAe[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return remoteAeSchema.array().parse(JSON.parse(text));
}
