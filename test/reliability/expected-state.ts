import type { InstanceName } from './numbered-instance.js';

/**
 * What the store must hold, from what it acknowledged: `stored`, `deleted`, or `unknown` when an operation was under way at the
 * time of a kill, after which both are right.
 */
export type ExpectedState = 'stored' | 'deleted' | 'unknown';

export class ExpectedInstances {
  readonly #states = new Map<string, Map<number, ExpectedState>>();
  /** Stores that were acknowledged, since the start. */
  acknowledged = 0;

  set({ seed, number }: InstanceName, state: ExpectedState): void {
    let states = this.#states.get(seed);
    if (states === undefined) this.#states.set(seed, (states = new Map<number, ExpectedState>()));
    states.set(number, state);
    if (state === 'stored') this.acknowledged += 1;
  }

  /** Learns what became of an operation that was cut off. */
  resolve({ seed, number }: InstanceName, state: 'stored' | 'deleted'): void {
    this.#states.get(seed)?.set(number, state);
  }

  stateOf({ seed, number }: InstanceName): ExpectedState | undefined {
    return this.#states.get(seed)?.get(number);
  }

  seeds(): string[] {
    return [...this.#states.keys()];
  }

  numbers(seed: string, state: ExpectedState): number[] {
    return [...(this.#states.get(seed) ?? [])]
      .filter(([, each]) => each === state)
      .map(([number]) => number);
  }
}
