import { silentLogger } from '#engine/base/logger.js';
import { encodeTitleFields, protocolVersion } from '#engine/upper-layer/pdu-writer.js';
import { dicomApplicationContextUid } from '#engine/upper-layer/pdu-types.js';
import { createAcceptancePolicy } from '#src/dimse/application-entity.js';
import { AssociationHandler } from '#src/dimse/association-handler.js';
import { AssociationObserver } from '#src/dimse/association-observer.js';
import { CEchoScp } from '#src/dimse/c-echo-scp.js';
import { CStoreScp } from '#src/dimse/c-store-scp.js';
import { defaultDimseServiceOptions } from '#src/dimse/dimse-service.js';
import { AssociationInspector } from '#src/dimse/inspector/association-inspector.js';
import { defaultScuTimeouts } from '#src/dimse/scu/association-requestor.js';
import type { ScuTimeouts } from '#src/dimse/scu/association-requestor.js';
import { RequestedAssociation } from '#src/dimse/scu/requested-association.js';
import {
  ctImageStorage,
  explicitVrLittleEndian,
  implicitVrLittleEndian,
  RecordingCounters,
  verification,
} from './dimse-fixture.js';
import { MemoryConnection } from './memory-connection.js';
import { RecordingStore } from './recording-store.js';

export interface MemoryAssociationOptions {
  /** Lengths of the pieces that bytes arrive in. */
  readonly splits: readonly number[];
  readonly acceptorMaximumLengthBytes?: number;
  readonly timeouts?: Partial<ScuTimeouts>;
}

/** Our requestor and our acceptor, joined in memory. */
export interface MemoryAssociation {
  readonly association: RequestedAssociation;
  readonly store: RecordingStore;
  readonly counters: RecordingCounters;
}

export function openMemoryAssociation(options: MemoryAssociationOptions): MemoryAssociation {
  const [ours, theirs] = MemoryConnection.createPair(options.splits);
  const store = new RecordingStore();
  const counters = new RecordingCounters();
  const serviceOptions = {
    ...defaultDimseServiceOptions,
    maximumLengthBytes: options.acceptorMaximumLengthBytes ?? 16_384,
  };
  const dependencies = {
    openStoreSession: store.openStoreSession,
    partition: 0,
    logger: silentLogger,
  };
  const handler = new AssociationHandler('dimse-1', theirs, {
    admit: () => ({
      policy: createAcceptancePolicy(serviceOptions, () => 'available'),
      services: [
        (association) => new CEchoScp(association),
        (association) => new CStoreScp(association, dependencies),
      ],
      isCommandPermitted: () => true,
    }),
    whenFree: () => Promise.resolve(),
    observer: new AssociationObserver(silentLogger, counters, new AssociationInspector(1)),
    logger: silentLogger,
    counters,
    maximumLengthBytes: serviceOptions.maximumLengthBytes,
    artimTimeoutMs: 5_000,
    idleTimeoutMs: 5_000,
  });
  theirs.attach(handler);
  const association = new RequestedAssociation({
    associationId: 'scu-1',
    connection: ours,
    services: [],
    timeouts: { ...defaultScuTimeouts, ...options.timeouts },
    logger: silentLogger,
    request: {
      protocolVersion,
      calledAeTitle: 'GANTRY',
      callingAeTitle: 'SCU',
      titleFields: encodeTitleFields('GANTRY', 'SCU'),
      applicationContextUid: dicomApplicationContextUid,
      presentationContexts: [
        context(1, verification, implicitVrLittleEndian),
        context(3, ctImageStorage, explicitVrLittleEndian),
        context(5, '1.2.3.4', explicitVrLittleEndian),
      ],
      userInformation: {
        maximumLengthBytes: 16_384,
        implementationClassUid: '1.2.3',
        roleSelections: [],
        extendedNegotiations: [],
        commonExtendedNegotiations: [],
      },
    },
  });
  ours.attach(association.receiver);
  return { association, store, counters };
}

function context(
  contextId: number,
  abstractSyntaxUid: string,
  transferSyntaxUid: string,
): { contextId: number; abstractSyntaxUid: string; transferSyntaxUids: string[] } {
  return { contextId, abstractSyntaxUid, transferSyntaxUids: [transferSyntaxUid] };
}
