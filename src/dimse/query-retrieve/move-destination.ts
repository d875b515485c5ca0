import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import type { InstanceSender } from './instance-sender.js';
import type { RetrieveDestination } from './retrieve-instances.js';
import { failedBy } from './sub-operations.js';
import type { SubOperationResult } from './sub-operations.js';

/** An association that is ours for a while, and what sends instances on it. */
export interface OpenDestination {
  readonly lease: { readonly association: { readonly isOpen: boolean }; giveBack(): void };
  readonly sender: Pick<InstanceSender, 'send'>;
}

/** Attempts at one instance: an association may have been idle in the pool for longer than the peer would wait. */
const attemptsMax = 2;
/** Associations that the destination ended one after the other without taking an instance in between. */
const lossesMax = 10;

/**
 * Where one C-MOVE sends to: one association at a time (PS3.4 §C.4.2.2). One that ends early is opened anew, and the instance that
 * was under way sent again; a C-STORE may be repeated. What cannot be reached fails every sub-operation that is left.
 */
export class MoveDestination implements RetrieveDestination {
  readonly #open: () => Promise<OpenDestination>;
  #current: OpenDestination | undefined;
  #lossesInRow = 0;
  #failure: SubOperationResult | undefined;

  constructor(open: () => Promise<OpenDestination>) {
    this.#open = open;
  }

  async send(record: InstanceRecord): Promise<SubOperationResult> {
    for (let attempt = 1; ; attempt++) {
      this.#current ??= await this.#tryOpen();
      if (this.#current === undefined) return this.#failure ?? { result: 'failed', reason: '' };
      const { lease, sender } = this.#current;
      const outcome = await sender.send(record);
      if (lease.association.isOpen) {
        this.#lossesInRow = 0;
        return outcome;
      }
      this.#lose(lease, outcome);
      if (outcome.result !== 'failed' || attempt === attemptsMax) return outcome;
    }
  }

  close(): Promise<void> {
    this.#current?.lease.giveBack();
    this.#current = undefined;
    return Promise.resolve();
  }

  #lose(lease: OpenDestination['lease'], outcome: SubOperationResult): void {
    lease.giveBack();
    this.#current = undefined;
    this.#lossesInRow++;
    if (this.#lossesInRow >= lossesMax) this.#failure = outcome;
  }

  async #tryOpen(): Promise<OpenDestination | undefined> {
    if (this.#failure !== undefined) return undefined;
    try {
      return await this.#open();
    } catch (error) {
      this.#failure = failedBy(error);
      return undefined;
    }
  }
}
