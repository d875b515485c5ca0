import { setTimeout as delay } from 'node:timers/promises';
import { AssociationError } from './association-error.js';
import type { RequestorOptions } from './association-requestor.js';
import type { RequestedAssociation } from './requested-association.js';

export interface AssociationPoolOptions {
  /** How long an association that nobody uses stays open. */
  readonly idleTimeMs: number;
  /** Associations that nobody uses, at most. */
  readonly idleMax: number;
  /** Attempts at an association that the peer rejects as a matter of the moment (PS3.8 Table 9-21, result 2). */
  readonly attemptsMax: number;
  /** Before the second attempt; doubled before each further one. */
  readonly retryDelayMs: number;
  readonly open: (options: RequestorOptions) => Promise<RequestedAssociation>;
}

interface Idle {
  /** Whom it is with. */
  readonly peer: string;
  readonly association: RequestedAssociation;
  readonly timer: NodeJS.Timeout;
}

/** An association that belongs to whoever leased it until it is given back. */
export interface AssociationLease {
  readonly association: RequestedAssociation;
  /** To the pool; one with an operation under way is aborted. */
  giveBack(): void;
}

/**
 * Keeps associations open for a short while after their use, for the next one to the same peer with the same contexts; one with
 * other contexts takes their place.
 */
export class AssociationPool {
  readonly #options: AssociationPoolOptions;
  readonly #idle = new Map<string, Idle[]>();
  readonly #inUse = new Set<RequestedAssociation>();
  #idleCount = 0;
  #isClosed = false;

  constructor(options: AssociationPoolOptions) {
    this.#options = options;
  }

  get idleCount(): number {
    return this.#idleCount;
  }

  /**
   * Runs `body` with an association that is its own until it is done; afterwards that goes back to the pool, or is aborted when
   * `body` failed in the midst of something. Rejects with the error of `body` or of `requestAssociation`.
   */
  async use<Result>(
    options: RequestorOptions,
    body: (association: RequestedAssociation) => Promise<Result>,
  ): Promise<Result> {
    const { association, giveBack } = await this.lease(options);
    try {
      return await body(association);
    } finally {
      giveBack();
    }
  }

  /** As `use`, for those who cannot say in one function what they need it for. */
  async lease(options: RequestorOptions): Promise<AssociationLease> {
    const key = keyOf(options);
    const peer = peerOf(options);
    const pooled = key === undefined ? undefined : this.#take(key);
    // Some peers serve one association at a time, and would let the new one wait for the end of an idle one.
    if (pooled === undefined) this.#releaseIdleWith(peer);
    const association = pooled ?? (await this.#open(options));
    this.#inUse.add(association);
    const giveBack = (): void => {
      if (!this.#inUse.delete(association)) return;
      if (association.activeCount > 0) association.abort();
      else if (association.isOpen) this.#keep(key, peer, association);
    };
    return { association, giveBack };
  }

  /** Releases what is idle and aborts what is in use. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const idle = [...this.#idle.values()].flat();
    this.#idle.clear();
    this.#idleCount = 0;
    for (const association of this.#inUse) association.abort();
    await Promise.all(
      idle.map(({ association, timer }) => {
        clearTimeout(timer);
        return association.release();
      }),
    );
  }

  async #open(options: RequestorOptions): Promise<RequestedAssociation> {
    const { attemptsMax, retryDelayMs, open } = this.#options;
    for (let attempt = 1; ; attempt++) {
      try {
        return await open(options);
      } catch (error) {
        const isTransient = error instanceof AssociationError && error.isTransientReject;
        if (!isTransient || attempt >= attemptsMax || this.#isClosed) throw error;
        await delay(retryDelayMs * 2 ** (attempt - 1));
      }
    }
  }

  #take(key: string): RequestedAssociation | undefined {
    const entries = this.#idle.get(key) ?? [];
    for (let entry = entries.pop(); entry !== undefined; entry = entries.pop()) {
      clearTimeout(entry.timer);
      this.#idleCount--;
      if (entries.length === 0) this.#idle.delete(key);
      // The peer may have released it meanwhile.
      if (entry.association.isOpen) return entry.association;
    }
    return undefined;
  }

  #keep(key: string | undefined, peer: string, association: RequestedAssociation): void {
    if (key === undefined || this.#isClosed || this.#idleCount >= this.#options.idleMax) {
      void association.release();
      return;
    }
    const timer = setTimeout(() => {
      this.#forget(key, association);
      void association.release();
    }, this.#options.idleTimeMs);
    timer.unref();
    const entries = this.#idle.get(key) ?? [];
    entries.push({ peer, association, timer });
    this.#idle.set(key, entries);
    this.#idleCount++;
  }

  #releaseIdleWith(peer: string): void {
    for (const [key, entries] of this.#idle) {
      for (const entry of entries.filter((each) => each.peer === peer)) {
        clearTimeout(entry.timer);
        this.#forget(key, entry.association);
        void entry.association.release();
      }
    }
  }

  #forget(key: string, association: RequestedAssociation): void {
    const rest = (this.#idle.get(key) ?? []).filter((entry) => entry.association !== association);
    if (rest.length === 0) this.#idle.delete(key);
    else this.#idle.set(key, rest);
    this.#idleCount--;
  }
}

/** The network address, which two AE titles of one peer may share. */
function peerOf({ target: { host, port } }: RequestorOptions): string {
  return `${host}:${port}`;
}

/**
 * Associations are interchangeable when they go to the same peer and propose the same. Undefined for one that is not to be
 * shared: service providers and user identities belong to whoever gave them.
 */
function keyOf({ target, proposal, maximumLengthBytes }: RequestorOptions): string | undefined {
  if (proposal.services !== undefined || proposal.userIdentity !== undefined) return undefined;
  const { tls, ...address } = target;
  return JSON.stringify([address, tls !== undefined, proposal, maximumLengthBytes]);
}
