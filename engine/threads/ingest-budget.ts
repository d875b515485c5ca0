import { arenaBlockBytes, type Arena } from './arena.js';

/**
 * Blocks promised to a session for as long as it is open. With them it always goes on, however full the arena is: what it has
 * in progress is spilled to disk, what it has completed is committed, and both free its blocks.
 */
export const guaranteedBlocksPerSession = 4;

/**
 * Part of the arena kept for bytes that sockets still deliver after they were asked to pause: uWebSockets.js goes on until what
 * the kernel has received is read, and on a fast link that is some megabytes.
 */
const overshootShare = 1 / 4;

/** What waits for room: a request, of which the kernel holds a part and we the read that brought its head, or an association. */
export type Applicant = 'request' | 'association';

/**
 * How many wait for room instead of being refused at once, and how long. A refusal costs a sender's whole body on the way, or an
 * association, and senders offer it again: under overload, refusing would take the processor from storing.
 */
const applicantsMax: Readonly<Record<Applicant, number>> = { request: 64, association: 256 };
const applicationTimeoutMs = 1_000;

/**
 * Who may take how much of the arena. Pausing sockets alone does not bound memory: if all may take until nothing is left,
 * everybody holds half an instance and nobody can finish. So every session has a guaranteed share and the rest is first come,
 * first served.
 */
export class IngestBudget {
  readonly #arena: Arena;
  /** What one session may hold before it is paused. */
  readonly sessionBlocksMax: number;
  readonly #overshootBlocks: number;
  readonly #sessions = new Set<BudgetedSession>();
  readonly #waiting = new Set<BudgetedSession>();
  /** Called in the order they came, one for each session that ends. */
  readonly #applicants = new Set<() => void>();
  readonly #waitingCount: Record<Applicant, number> = { request: 0, association: 0 };

  constructor(arena: Arena, sessionBytesMax: number) {
    this.#arena = arena;
    this.#overshootBlocks = Math.ceil(arena.blockCount * overshootShare);
    this.sessionBlocksMax = Math.max(
      guaranteedBlocksPerSession,
      Math.floor(sessionBytesMax / arenaBlockBytes),
    );
  }

  /** Whether the share of a further session could not be promised. */
  get isFull(): boolean {
    const promised = (this.#sessions.size + 1) * guaranteedBlocksPerSession;
    return promised + this.#overshootBlocks > this.#arena.blockCount;
  }

  /** Admits a session; false when its guaranteed share cannot be promised any more. */
  admit(session: BudgetedSession): boolean {
    if (this.isFull) return false;
    this.#sessions.add(session);
    return true;
  }

  /**
   * Resolves when a session may be admitted: at once, when one has ended, or, to be refused, after a second; at once too when as
   * many wait as may. Who takes the room first has it.
   */
  whenFree(applicant: Applicant): Promise<void> {
    const isCrowded = this.#waitingCount[applicant] >= applicantsMax[applicant];
    if (!this.isFull || isCrowded) return Promise.resolve();
    this.#waitingCount[applicant] += 1;
    return new Promise((resolve) => {
      const go = (): void => {
        clearTimeout(timer);
        this.#applicants.delete(go);
        this.#waitingCount[applicant] -= 1;
        resolve();
      };
      const timer = setTimeout(go, applicationTimeoutMs);
      this.#applicants.add(go);
    });
  }

  dismiss(session: BudgetedSession): void {
    this.#sessions.delete(session);
    this.#waiting.delete(session);
    const [applicant] = this.#applicants;
    applicant?.();
    this.wake();
  }

  /** Whether the session may fill another block; if not, `onBudget` of the session is called when it may. */
  mayTakeBlock(session: BudgetedSession): boolean {
    if (this.#isAllowed(session, this.sessionBlocksMax)) return true;
    this.#waiting.add(session);
    return false;
  }

  /**
   * Called when blocks were freed. Whoever is within its guaranteed share again goes on at once; of those that wait for spare
   * blocks one is resumed at a time, so that it takes before the next is asked, and only when half of what it held is free:
   * each resume may bring more than the one block that woke it.
   */
  wake(): void {
    let spareTaken = false;
    for (const session of this.#waiting) {
      const isWithinShare = this.#isWithinShare(session);
      const resumeBlocks = this.sessionBlocksMax / 2;
      if (!isWithinShare && (spareTaken || !this.#isAllowed(session, resumeBlocks))) continue;
      spareTaken ||= !isWithinShare;
      this.#waiting.delete(session);
      session.onBudget();
    }
  }

  #isAllowed(session: BudgetedSession, blocksMax: number): boolean {
    if (this.#isWithinShare(session)) return true;
    return session.blocksHeld < blocksMax && this.#spareBlocks() > 0;
  }

  /** The last guaranteed block is for what arrives after the pause. */
  #isWithinShare(session: BudgetedSession): boolean {
    return session.blocksHeld < guaranteedBlocksPerSession - 1;
  }

  /** Free blocks beyond those that open sessions may still claim as their guaranteed share. */
  #spareBlocks(): number {
    let promised = this.#overshootBlocks;
    for (const session of this.#sessions) {
      promised += Math.max(0, guaranteedBlocksPerSession - session.blocksHeld);
    }
    return this.#arena.freeBlockCount - promised;
  }
}

export interface BudgetedSession {
  readonly blocksHeld: number;
  onBudget(): void;
}
