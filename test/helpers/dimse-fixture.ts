import type { TestContext } from 'node:test';
import { silentLogger } from '#engine/base/logger.js';
import type { AssociationEnd, DimseCounters } from '#src/dimse/association-observer.js';
import { dimseVerbs } from '#src/config/option-types.js';
import type { RemoteAe } from '#src/config/option-types.js';
import { AssociationInspector } from '#src/dimse/inspector/association-inspector.js';
import { defaultDimseServiceOptions, DimseService } from '#src/dimse/dimse-service.js';
import type { DimseServiceOptions } from '#src/dimse/dimse-service.js';
import type { AssociateReject } from '#engine/upper-layer/pdu-types.js';
import { defaultScuTimeouts } from '#src/dimse/scu/association-requestor.js';
import { DimseClient } from '#src/dimse/scu/dimse-client.js';
import { CommitmentJobs } from '#src/dimse/storage-commitment/commitment-jobs.js';
import { deliverReport } from '#src/dimse/storage-commitment/deliver-report.js';
import type { IdentityVerifier } from '#src/dimse/user-identity/identity-verifier.js';
import { temporaryDirectory } from './temporary-directory.js';
import { DicomScu } from './dicom-scu.js';
import type { ScuOptions } from './dicom-scu.js';
import { MemoryArchive } from './memory-archive.js';
import { RecordingStore } from './recording-store.js';
import { delay } from './wait.js';

export const ctImageStorage = '1.2.840.10008.5.1.4.1.1.2';
export const verification = '1.2.840.10008.1.1';
export const implicitVrLittleEndian = '1.2.840.10008.1.2';
export const explicitVrLittleEndian = '1.2.840.10008.1.2.1';

/** Counts what the service tells its metrics. */
export class RecordingCounters implements DimseCounters {
  accepted = 0;
  readonly rejects: AssociateReject[] = [];
  readonly ends: AssociationEnd[] = [];
  readonly operations: { readonly commandField: number; readonly status: number }[] = [];

  associationAccepted(): void {
    this.accepted++;
  }

  associationRejected(reject: AssociateReject): void {
    this.rejects.push(reject);
  }

  associationEnded(end: AssociationEnd): void {
    this.ends.push(end);
  }

  operationCompleted(commandField: number, status: number): void {
    this.operations.push({ commandField, status });
  }
}

/** A DIMSE service on a free loopback port with a store in memory; stopped when the test ends. */
export interface DimseFixture {
  readonly service: DimseService;
  readonly store: RecordingStore;
  /** What queries and retrievals are answered from. */
  readonly archive: MemoryArchive;
  readonly counters: RecordingCounters;
  readonly inspector: AssociationInspector;
  readonly port: number;
  readonly tlsPort: number | undefined;
  /** Associations that wait, or waited, for space since it last came. */
  readonly waitingCount: number;
  /** Makes the store say that it has no space, or that it has again. */
  setCongested(isCongested: boolean): void;
  /** An association with Verification and CT Image Storage. */
  associate(options?: Partial<ScuOptions>): Promise<DicomScu>;
}

/** How long an association waits for space before it is rejected. */
const waitMs = 100;

export async function startDimseFixture(
  t: TestContext,
  options: Partial<DimseServiceOptions> = {},
  remoteAes: readonly RemoteAeDraft[] = [],
  verifyIdentity?: IdentityVerifier,
): Promise<DimseFixture> {
  const store = new RecordingStore();
  const archive = new MemoryArchive();
  const counters = new RecordingCounters();
  const inspector = new AssociationInspector(20);
  const client = createClient(options.aeTitle ?? 'GANTRY', remoteAes);
  const commitmentJobs = new CommitmentJobs({
    directory: temporaryDirectory(),
    engine: archive,
    deliver: (requester, report) => deliverReport(client, requester, report),
    retryDelaysMs: [20, 20],
    logger: silentLogger,
  });
  t.after(async () => {
    await commitmentJobs.close();
    await client.close();
  });
  let isCongested = false;
  const waiting: (() => void)[] = [];
  const service = new DimseService(
    { ...defaultDimseServiceOptions, port: 0, ...options },
    {
      openStoreSession: store.openStoreSession,
      isCongested: () => isCongested,
      whenFree: () => Promise.race([new Promise<void>((go) => waiting.push(go)), delay(waitMs)]),
      engine: archive,
      destinations: client,
      logger: silentLogger,
      counters,
      findRemoteAe: (aeTitle) => findIn(remoteAes, aeTitle),
      inspector,
      commitmentJobs,
      verifyIdentity,
    },
  );
  const port = await service.start();
  const tlsPort = await service.startTls();
  t.after(() => service.stop(0));
  return {
    service,
    store,
    archive,
    counters,
    inspector,
    port,
    tlsPort,
    get waitingCount() {
      return waiting.length;
    },
    setCongested: (value) => {
      isCongested = value;
      if (!value) for (const go of waiting.splice(0)) go();
    },
    associate: (scuOptions) =>
      DicomScu.associate({
        host: '127.0.0.1',
        port,
        contexts: [
          { abstractSyntaxUid: verification, transferSyntaxUids: [implicitVrLittleEndian] },
          { abstractSyntaxUid: ctImageStorage, transferSyntaxUids: [explicitVrLittleEndian] },
        ],
        ...scuOptions,
      }),
  };
}

type RemoteAeDraft = Pick<RemoteAe, 'aeTitle' | 'host' | 'port'> & Partial<RemoteAe>;

function findIn(remoteAes: readonly RemoteAeDraft[], aeTitle: string): RemoteAe | undefined {
  const found = remoteAes.find((ae) => ae.aeTitle === aeTitle);
  if (found === undefined) return undefined;
  return { verbs: dimseVerbs, addresses: [], ...found, tls: false };
}

function createClient(aeTitle: string, remoteAes: readonly RemoteAeDraft[]): DimseClient {
  return new DimseClient({
    findRemoteAe: (title) => findIn(remoteAes, title),
    aeTitle,
    maximumLengthBytes: 16_384,
    timeouts: defaultScuTimeouts,
    idleTimeMs: 1_000,
    logger: silentLogger,
  });
}

/** Resolves when `condition` holds; rejects after some seconds. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`still waiting for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
