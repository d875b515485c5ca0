import { acceptStoredFrames, qido, retrieve, stow } from '#test/helpers/dicomweb-client.js';
import { DicomScu } from '#test/helpers/dicom-scu.js';
import { ctImageStorage, explicitVrLittleEndian } from '#test/helpers/dimse-fixture.js';
import type { TestServer } from '#test/helpers/server.js';
import type { ExpectedInstances } from './expected-state.js';
import { numberedInstance, pathOf, storeRequestOf, studyOf } from './numbered-instance.js';
import type { InstanceName } from './numbered-instance.js';

export type Operation = 'stow' | 'c-store' | 'qido' | 'frames' | 'delete' | 'store again';

/** What was answered in a way that breaks a promise. */
export class BrokenPromiseError extends Error {}

export interface MixedLoadOptions {
  readonly server: TestServer;
  readonly expected: ExpectedInstances;
  /** Digits and dots; instances of different loads must have different ones. */
  readonly seed: string;
  readonly clients: number;
  /** Asked before each operation. */
  readonly isOver: () => boolean;
  /** Pause between two operations of a client; none by default. */
  readonly pauseMs?: number;
  readonly onDone?: (operation: Operation, durationMs: number) => void;
  /** Stored instances that one client keeps; it deletes beyond. */
  readonly keptMax?: number;
}

/**
 * Clients that store (STOW-RS and C-STORE), search, read frames, delete and store again what they deleted, and check what they
 * are answered. Each has a study of its own. Resolves when it is over, or when the server is gone; rejects with
 * `BrokenPromiseError`.
 */
export async function runMixedLoad(options: MixedLoadOptions): Promise<void> {
  const clients = Array.from({ length: options.clients }, (_, n) =>
    new LoadClient(options, `${options.seed}.${n + 1}`).run(),
  );
  const results = await Promise.allSettled(clients);
  for (const result of results) {
    if (result.status === 'rejected' && result.reason instanceof BrokenPromiseError) {
      throw result.reason;
    }
  }
}

class LoadClient {
  readonly #options: MixedLoadOptions;
  readonly #seed: string;
  #next = 1;
  #turn = 0;
  #scu: DicomScu | undefined;

  constructor(options: MixedLoadOptions, seed: string) {
    this.#options = options;
    this.#seed = seed;
    // Clients begin at different places of the round.
    this.#turn = Number(seed.split('.').at(-1)) * 3;
  }

  async run(): Promise<void> {
    const { isOver, pauseMs, onDone } = this.#options;
    try {
      while (!isOver()) {
        const startedAt = performance.now();
        const operation = this.#nextOperation();
        await this.#do(operation);
        onDone?.(operation, performance.now() - startedAt);
        if (pauseMs !== undefined) await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    } finally {
      await this.#scu?.destroy();
    }
  }

  #nextOperation(): Operation {
    const round: readonly Operation[] = [
      ...(['stow', 'c-store', 'qido', 'stow', 'frames', 'c-store'] as const),
      ...(['delete', 'frames', 'store again', 'qido'] as const),
    ];
    this.#turn += 1;
    const operation = round[this.#turn % round.length]!;
    const stored = this.#numbers('stored');
    if (stored.length > (this.#options.keptMax ?? Infinity)) return 'delete';
    const isPossible =
      operation === 'store again'
        ? this.#numbers('deleted').length > 0
        : operation === 'stow' || operation === 'c-store' || stored.length > 0;
    return isPossible ? operation : 'stow';
  }

  async #do(operation: Operation): Promise<void> {
    switch (operation) {
      case 'stow':
        return this.#stow(Array.from({ length: 1 + (this.#turn % 3) }, () => this.#newName()));
      case 'c-store':
        return this.#cStore(this.#newName());
      case 'store again':
        return this.#stow([this.#pick('deleted')]);
      case 'qido':
        return this.#search();
      case 'frames':
        return this.#readFrame(this.#pick('stored'));
      case 'delete':
        return this.#delete(this.#pick('stored'));
    }
  }

  async #stow(names: readonly InstanceName[]): Promise<void> {
    const { expected, server } = this.#options;
    for (const name of names) expected.set(name, 'unknown');
    const files = names.map((name) => numberedInstance(name).part10);
    const { status } = await stow(server.dicomwebUrl, files);
    if (status !== 200) throw new Error(`a Store request was answered ${status}`);
    for (const name of names) expected.set(name, 'stored');
  }

  async #cStore(name: InstanceName): Promise<void> {
    const { expected, server } = this.#options;
    expected.set(name, 'unknown');
    this.#scu ??= await DicomScu.associate({
      host: '127.0.0.1',
      port: server.dimsePort,
      contexts: [
        { abstractSyntaxUid: ctImageStorage, transferSyntaxUids: [explicitVrLittleEndian] },
      ],
    });
    const { status } = await this.#scu.store(this.#scu.prepareStore(storeRequestOf(name)));
    if (status !== 0) throw new Error(`a C-STORE was answered ${status.toString(16)}`);
    expected.set(name, 'stored');
  }

  async #delete(name: InstanceName): Promise<void> {
    const { expected, server } = this.#options;
    expected.set(name, 'unknown');
    const url = `${server.dicomwebUrl}/${pathOf(name)}`;
    const { status } = await fetch(url, { method: 'DELETE' });
    if (status !== 204 && status !== 200) throw new Error(`a deletion was answered ${status}`);
    expected.set(name, 'deleted');
  }

  /** The index shows exactly what this client was told is stored. */
  async #search(): Promise<void> {
    const { server } = this.#options;
    const count = this.#numbers('stored').length;
    const unknown = this.#numbers('unknown').length;
    const rows = await qido(
      server.dicomwebUrl,
      `studies?PatientID=RELIABILITY-${this.#seed}&ModalitiesInStudy=CT`,
    );
    const found = Number(rows[0]?.['00201208']?.Value?.[0] ?? 0);
    if (rows.length !== 1 || found < count || found > count + unknown) {
      throw new BrokenPromiseError(
        `study ${studyOf(this.#seed)}: ${rows.length} rows, ${found} instances instead of ${count}`,
      );
    }
  }

  async #readFrame(name: InstanceName): Promise<void> {
    const { server } = this.#options;
    const path = `${pathOf(name)}/frames/1`;
    const [part] = await retrieve(server.dicomwebUrl, path, acceptStoredFrames);
    if (part?.body.equals(numberedInstance(name).pixels) !== true) {
      throw new BrokenPromiseError(`${path} has other pixels`);
    }
  }

  #newName(): InstanceName {
    return { seed: this.#seed, number: this.#next++ };
  }

  #pick(state: 'stored' | 'deleted'): InstanceName {
    const numbers = this.#numbers(state);
    return { seed: this.#seed, number: numbers[(this.#turn * 7) % numbers.length]! };
  }

  #numbers(state: 'stored' | 'deleted' | 'unknown'): number[] {
    return this.#options.expected.numbers(this.#seed, state);
  }
}
