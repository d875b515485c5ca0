import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '#engine/base/logger.js';
import type { StoreSession, StoreSessionOptions } from '#engine/engine-types.js';
import { TcpListener } from '#engine/transport/tcp-listener.js';
import { createAcceptancePolicy } from './application-entity.js';
import type { ApplicationEntityOptions } from './application-entity.js';
import { AssociationHandler } from './association-handler.js';
import type { AssociationEnvironment, DimseCounters } from './association-handler.js';
import { CEchoScp } from './c-echo-scp.js';
import { CStoreScp } from './c-store-scp.js';

/** What a site configures of the DIMSE service. */
export interface DimseServiceOptions extends ApplicationEntityOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly associationsMax: number;
  readonly connectionsPerAddressMax: number;
  readonly artimTimeoutMs: number;
  readonly idleTimeoutMs: number;
}

/** The options where a site says nothing. */
export const defaultDimseServiceOptions: DimseServiceOptions = {
  host: '127.0.0.1',
  port: 11112,
  aeTitle: 'GANTRY',
  checkCalledAe: false,
  acceptedCallingAes: [],
  additionalSopClasses: [],
  // The largest that DCMTK sends; it costs no memory, since P-DATA-TF is not gathered.
  maximumLengthBytes: 128 * 1024,
  operationsInvokedMax: 8,
  associationsMax: 100,
  connectionsPerAddressMax: 50,
  artimTimeoutMs: 30_000,
  idleTimeoutMs: 300_000,
};

/** What the DIMSE service needs of the rest. */
export interface DimseServiceDependencies {
  readonly openStoreSession: (options: StoreSessionOptions) => StoreSession;
  /** True while the store has no space for another sender: associations are then refused as temporarily congested. */
  readonly isCongested: () => boolean;
  readonly logger: Logger;
  readonly counters: DimseCounters;
}

/** Partition of everything that arrives by DIMSE. */
const defaultPartition = 0;

/** Connections per association allowed: those that have not got an answer yet, and those that are about to close. */
const connectionsPerAssociation = 2;

/** How often `stop` looks whether all connections have closed. */
const drainPollMs = 20;

/** The DIMSE side of the product: listens, and runs one `AssociationHandler` per connection. */
export class DimseService {
  readonly #options: DimseServiceOptions;
  readonly #dependencies: DimseServiceDependencies;
  readonly #listener: TcpListener;
  readonly #handlers = new Set<AssociationHandler>();
  #connectionCount = 0;

  constructor(options: DimseServiceOptions, dependencies: DimseServiceDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    const { logger } = dependencies;
    const environment = this.#createEnvironment();
    this.#listener = new TcpListener({
      connectionsMax: options.associationsMax * connectionsPerAssociation,
      connectionsPerAddressMax: options.connectionsPerAddressMax,
      onRefused: (remoteAddress) => {
        logger.warn({ remoteAddress }, 'connection refused: too many');
      },
      onConnection: (connection) => {
        const associationId = `dimse-${++this.#connectionCount}`;
        const handler = new AssociationHandler(associationId, connection, environment);
        this.#handlers.add(handler);
        return {
          onData: (chunk) => {
            handler.onData(chunk);
          },
          onDrain: () => {
            handler.onDrain();
          },
          onClose: () => {
            this.#handlers.delete(handler);
            handler.onClose();
          },
        };
      },
    });
  }

  get associationCount(): number {
    let count = 0;
    for (const handler of this.#handlers) if (handler.isEstablished) count++;
    return count;
  }

  /** Binds and listens; resolves with the port in use. */
  start(): Promise<number> {
    return this.#listener.listen(this.#options.host, this.#options.port);
  }

  /**
   * Stops: no new connection, operations in progress are finished and answered, then each association is aborted. What is left
   * after `graceMs` is aborted as it is. Resolves when every connection is closed.
   */
  async stop(graceMs: number): Promise<void> {
    this.#listener.stopListening();
    for (const handler of this.#handlers) handler.drain();
    const deadlineMs = Date.now() + graceMs;
    while (this.#handlers.size > 0 && Date.now() < deadlineMs) await delay(drainPollMs);
    for (const handler of this.#handlers) handler.abort();
    // A moment for the A-ABORT to leave.
    if (this.#handlers.size > 0) await delay(drainPollMs);
    await this.#listener.destroyAll();
  }

  #createEnvironment(): AssociationEnvironment {
    const { openStoreSession, isCongested, logger, counters } = this.#dependencies;
    const store = { openStoreSession, partition: defaultPartition, logger };
    const { associationsMax, artimTimeoutMs, idleTimeoutMs } = this.#options;
    const policy = createAcceptancePolicy(this.#options, () => {
      if (this.associationCount >= associationsMax) return 'limit-reached';
      return isCongested() ? 'congested' : 'available';
    });
    return {
      policy,
      services: [
        (association) => new CEchoScp(association),
        (association) => new CStoreScp(association, store),
      ],
      logger,
      counters,
      artimTimeoutMs,
      idleTimeoutMs,
    };
  }
}
