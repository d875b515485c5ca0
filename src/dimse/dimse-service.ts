import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '#engine/base/logger.js';
import type { StoreSession, StoreSessionOptions } from '#engine/engine-types.js';
import { TcpListener } from '#engine/transport/tcp-listener.js';
import type { TcpListenerOptions } from '#engine/transport/tcp-listener.js';
import type { AcceptancePolicy } from '#engine/upper-layer/negotiation.js';
import { dimseVerbs } from '#src/config/option-types.js';
import type { DimseVerb, RemoteAe } from '#src/config/option-types.js';
import { isCommandPermitted, rightsOf, verbsOfAbstractSyntax } from './access-rules.js';
import type { CallerRights } from './access-rules.js';
import type { Admission } from './admission.js';
import { createAcceptancePolicy } from './application-entity.js';
import type { ApplicationEntityOptions } from './application-entity.js';
import { AssociationHandler } from './association-handler.js';
import type { AssociationEnvironment } from './association-handler.js';
import { AssociationObserver } from './association-observer.js';
import type { DimseCounters } from './association-observer.js';
import type { AssociationInspector } from './inspector/association-inspector.js';
import type { AcceptedProviderFactory } from './service-provider.js';
import { CEchoScp } from './c-echo-scp.js';
import { CStoreScp } from './c-store-scp.js';
import { CFindScp } from './query-retrieve/c-find-scp.js';
import { CGetScp } from './query-retrieve/c-get-scp.js';
import { CMoveScp } from './query-retrieve/c-move-scp.js';
import type { CMoveScpDependencies, MoveDestinations } from './query-retrieve/c-move-scp.js';
import type { QueryRetrieveEngine } from './query-retrieve/find-matches.js';
import type { CommitmentJobs } from './storage-commitment/commitment-jobs.js';
import { StorageCommitmentScp } from './storage-commitment/storage-commitment-scp.js';
import { viewPartition } from './query-retrieve/view-partition.js';
import type { IdentityVerifier } from './user-identity/identity-verifier.js';

/** What a site configures of the DIMSE service. */
export interface DimseServiceOptions extends ApplicationEntityOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly associationsMax: number;
  readonly connectionsPerAddressMax: number;
  readonly tls?: DimseTlsOptions;
  /** What AE titles may do that are no remote AE; nothing makes the store strict. */
  readonly unknownAeVerbs: readonly DimseVerb[];
  readonly artimTimeoutMs: number;
  readonly idleTimeoutMs: number;
}

/** A second port, on which associations come by TLS. */
export interface DimseTlsOptions {
  /** 0 lets the system choose. */
  readonly port: number;
  /** PEM. */
  readonly key: Buffer;
  readonly cert: Buffer;
  readonly ca?: Buffer;
  /** Refuse peers without a certificate of `ca`. */
  readonly isMutual: boolean;
}

/** The options where a site says nothing. */
export const defaultDimseServiceOptions: DimseServiceOptions = {
  host: '127.0.0.1',
  port: 11112,
  aeTitle: 'GANTRY',
  localAes: [],
  checkCalledAe: false,
  acceptedCallingAes: [],
  additionalSopClasses: [],
  // The largest that DCMTK sends; it costs no memory, since P-DATA-TF is not gathered.
  maximumLengthBytes: 128 * 1024,
  operationsInvokedMax: 8,
  associationsMax: 100,
  connectionsPerAddressMax: 50,
  unknownAeVerbs: dimseVerbs,
  artimTimeoutMs: 30_000,
  idleTimeoutMs: 300_000,
};

/** Options that can change while the service runs. */
export type CurrentAccess = Pick<
  DimseServiceOptions,
  'localAes' | 'checkCalledAe' | 'unknownAeVerbs'
>;

/** What the DIMSE service needs of the rest. */
export interface DimseServiceDependencies {
  readonly openStoreSession: (options: StoreSessionOptions) => StoreSession;
  /** True while the store has no space for another sender: associations are then refused as temporarily congested, after a wait. */
  readonly isCongested: () => boolean;
  /** Resolves when the store has space, or after a moment without. */
  readonly whenFree: () => Promise<void>;
  /** What queries and retrievals are answered from. */
  readonly engine: QueryRetrieveEngine;
  readonly destinations: MoveDestinations;
  readonly logger: Logger;
  readonly counters: DimseCounters;
  /** Peers by AE title, asked for each association. */
  readonly findRemoteAe: (aeTitle: string) => RemoteAe | undefined;
  readonly inspector: AssociationInspector;
  readonly commitmentJobs: CommitmentJobs;
  /** What an administrator has set while the service runs, asked for each association; it takes the place of the options. */
  readonly currentAccess?: () => CurrentAccess;
  /** Without it user identities are ignored. */
  readonly verifyIdentity?: IdentityVerifier | undefined;
}

/** Partition of what is sent to our first AE title, or to one that is none of ours. */
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
  readonly #tlsListener: TcpListener | undefined;
  readonly #observer: AssociationObserver;
  readonly #handlers = new Set<AssociationHandler>();
  #connectionCount = 0;

  constructor(options: DimseServiceOptions, dependencies: DimseServiceDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    const { logger, counters, inspector } = dependencies;
    this.#observer = new AssociationObserver(logger, counters, inspector);
    const listenerOptions = this.#createListenerOptions();
    this.#listener = new TcpListener(listenerOptions);
    const { tls, artimTimeoutMs } = options;
    if (tls !== undefined) {
      this.#tlsListener = new TcpListener({
        ...listenerOptions,
        tls: { ...tls, timeoutMs: artimTimeoutMs },
      });
    }
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

  /** As `start`, for the port of TLS; resolves with undefined when there is none. */
  async startTls(): Promise<number | undefined> {
    const { host, tls } = this.#options;
    return tls === undefined ? undefined : this.#tlsListener?.listen(host, tls.port);
  }

  /**
   * Stops: no new connection, operations in progress are finished and answered, then each association is aborted. What is left
   * after `graceMs` is aborted as it is. Resolves when every connection is closed.
   */
  async stop(graceMs: number): Promise<void> {
    this.#listener.stopListening();
    this.#tlsListener?.stopListening();
    for (const handler of this.#handlers) handler.drain();
    const deadlineMs = Date.now() + graceMs;
    while (this.#handlers.size > 0 && Date.now() < deadlineMs) await delay(drainPollMs);
    for (const handler of this.#handlers) handler.abort();
    // A moment for the A-ABORT to leave.
    if (this.#handlers.size > 0) await delay(drainPollMs);
    await Promise.all([this.#listener.destroyAll(), this.#tlsListener?.destroyAll()]);
  }

  #createListenerOptions(): TcpListenerOptions {
    const { associationsMax, connectionsPerAddressMax } = this.#options;
    const environment = this.#createEnvironment();
    return {
      connectionsMax: associationsMax * connectionsPerAssociation,
      connectionsPerAddressMax,
      onRefused: (remoteAddress) => {
        this.#dependencies.logger.warn({ remoteAddress }, 'connection refused: too many');
      },
      onTlsFailure: (remoteAddress, reason) => {
        this.#observer.tlsFailed(remoteAddress, reason);
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
    };
  }

  #createRetrieveDependencies(aeTitle: string, partition: number): CMoveScpDependencies {
    const { engine, destinations, logger } = this.#dependencies;
    return { engine: viewPartition(engine, partition), aeTitle, destinations, logger };
  }

  #createEnvironment(): AssociationEnvironment {
    const { isCongested, whenFree, logger, counters, currentAccess } = this.#dependencies;
    const { associationsMax, maximumLengthBytes, artimTimeoutMs, idleTimeoutMs } = this.#options;
    const capacity = (): 'limit-reached' | 'congested' | 'available' => {
      if (this.associationCount >= associationsMax) return 'limit-reached';
      return isCongested() ? 'congested' : 'available';
    };
    return {
      admit: ({ calledAeTitle, callingAeTitle }, remoteAddress) => {
        const options = { ...this.#options, ...currentAccess?.() };
        const local = options.localAes.find(({ aeTitle }) => aeTitle === calledAeTitle);
        const { aeTitle, partition } = local ?? { ...options, partition: defaultPartition };
        const caller = { aeTitle: callingAeTitle, remoteAddress };
        const rights = rightsOf(caller, {
          ...options,
          findRemoteAe: this.#dependencies.findRemoteAe,
        });
        const policy = createAcceptancePolicy(options, capacity);
        return this.#admit(rights, policy, this.#createServices(aeTitle, partition));
      },
      whenFree,
      observer: this.#observer,
      logger,
      counters,
      maximumLengthBytes,
      artimTimeoutMs,
      idleTimeoutMs,
    };
  }

  #admit(
    rights: CallerRights,
    policy: AcceptancePolicy,
    services: readonly AcceptedProviderFactory[],
  ): Admission {
    const { verifyIdentity } = this.#dependencies;
    if ('refusal' in rights) {
      return {
        policy: { ...policy, isCallingAeTitleAccepted: () => false },
        services: [],
        isCommandPermitted: () => false,
        refusal: rights.refusal,
      };
    }
    const { verbs } = rights;
    return {
      policy: {
        ...policy,
        isAbstractSyntaxPermitted: (uid) =>
          verbsOfAbstractSyntax(uid).some((verb) => verbs.has(verb)),
      },
      services,
      isCommandPermitted: (field) => isCommandPermitted(field, verbs),
      ...(verifyIdentity !== undefined && { verifyIdentity }),
    };
  }

  #createServices(aeTitle: string, partition: number): readonly AcceptedProviderFactory[] {
    const { openStoreSession, logger, commitmentJobs } = this.#dependencies;
    const store = { openStoreSession, partition, logger };
    const retrieve = this.#createRetrieveDependencies(aeTitle, partition);
    return [
      (association) => new CEchoScp(association),
      (association) => new CStoreScp(association, store),
      (association) => new CFindScp(association, retrieve),
      (association) => new CGetScp(association, retrieve),
      (association) => new CMoveScp(association, retrieve),
      (association) => new StorageCommitmentScp(association, commitmentJobs, partition),
    ];
  }
}
