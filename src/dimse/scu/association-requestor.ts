import { GantryError, toGantryError } from '#engine/base/error-catalogue.js';
import type { Logger } from '#engine/base/logger.js';
import {
  implementationClassUid,
  implementationVersionName,
} from '#engine/dicom/part10/file-meta-information.js';
import { connectTcp } from '#engine/transport/tcp-connector.js';
import type { TlsClientOptions } from '#engine/transport/tcp-connector.js';
import { dicomApplicationContextUid } from '#engine/upper-layer/pdu-types.js';
import type { AssociateRequest } from '#engine/upper-layer/pdu-types.js';
import { rejectText } from '#engine/upper-layer/reason-text.js';
import { encodeTitleFields, protocolVersion } from '#engine/upper-layer/pdu-writer.js';
import type {
  ExtendedNegotiation,
  RoleSelection,
  UserIdentity,
} from '#engine/upper-layer/user-information.js';
import type { ServiceProviderFactory } from '#src/dimse/service-provider.js';
import type { RequestedAttempt } from '#src/dimse/inspector/association-inspector.js';
import { AssociationError } from './association-error.js';
import { RequestedAssociation } from './requested-association.js';

/** Whom to associate with, and as whom. */
export interface AssociationTarget {
  readonly host: string;
  readonly port: number;
  readonly calledAeTitle: string;
  readonly callingAeTitle: string;
  readonly tls?: TlsClientOptions;
}

/** What to propose. */
export interface AssociationProposal {
  /** At most 128; their ids are 1, 3, 5 and so on. */
  readonly contexts: readonly ContextProposal[];
  /** Where we want to be the SCP, as C-GET does (PS3.7 §D.3.3.4). */
  readonly roleSelections?: readonly RoleSelection[];
  readonly extendedNegotiations?: readonly ExtendedNegotiation[];
  readonly userIdentity?: UserIdentity;
  /** Who answers requests of the peer: C-STORE during C-GET, N-EVENT-REPORT of storage commitment. */
  readonly services?: readonly ServiceProviderFactory[];
}

export interface ContextProposal {
  readonly abstractSyntaxUid: string;
  readonly transferSyntaxUids: readonly string[];
}

/** How long to wait for the peer at each step. */
export interface ScuTimeouts {
  readonly connectTimeoutMs: number;
  /** Until the answer to the A-ASSOCIATE-RQ. */
  readonly associateTimeoutMs: number;
  /** While an operation is outstanding, how long the peer may neither send nor take anything. */
  readonly responseTimeoutMs: number;
  /** Until the answer to the A-RELEASE-RQ, and until the peer has closed after an abort. */
  readonly releaseTimeoutMs: number;
}

export const defaultScuTimeouts: ScuTimeouts = {
  connectTimeoutMs: 10_000,
  associateTimeoutMs: 30_000,
  responseTimeoutMs: 60_000,
  releaseTimeoutMs: 5_000,
};

export interface RequestorOptions {
  readonly target: AssociationTarget;
  readonly proposal: AssociationProposal;
  readonly timeouts: ScuTimeouts;
  /** Longest P-DATA-TF variable field asked of the peer; 0 is unlimited. */
  readonly maximumLengthBytes: number;
  readonly logger: Logger;
  /** Told of each attempt, for the inspector. */
  readonly onAttempt?: (attempt: RequestedAttempt) => void;
}

let associationCount = 0;

/**
 * Opens an association (PS3.8 §7.1). Resolves also when the peer accepted none of the contexts. Rejects with an
 * `AssociationError` when it rejects or aborts, and with `peer-unavailable` or `timeout` when it cannot be reached.
 */
export async function requestAssociation(options: RequestorOptions): Promise<RequestedAssociation> {
  const { target, timeouts, logger } = options;
  const { host, port, calledAeTitle, callingAeTitle, tls } = target;
  const associationId = `scu-${++associationCount}`;
  const request = createRequest(options);
  const remoteAddress = `${host}:${port}`;
  const attempt = { associationId, remoteAddress, isTls: tls !== undefined, request };
  try {
    const connection = await connectTcp({
      host,
      port,
      timeoutMs: timeouts.connectTimeoutMs,
      ...(tls !== undefined && { tls }),
    });
    const association = new RequestedAssociation({
      associationId,
      connection,
      request,
      services: options.proposal.services ?? [],
      timeouts,
      logger,
    });
    connection.attach(association.receiver);
    await association.established;
    const contextsAccepted = association.contexts.length;
    options.onAttempt?.({ ...attempt, ...(association.accept && { accept: association.accept }) });
    logger.info(
      { associationId, calledAeTitle, callingAeTitle, host, port, contextsAccepted },
      'association opened',
    );
    return association;
  } catch (error) {
    const { code, detail } = toGantryError(error);
    const reject = error instanceof AssociationError ? error.reject : undefined;
    const fields = { associationId, calledAeTitle, callingAeTitle, host, port, code, detail };
    options.onAttempt?.({
      ...attempt,
      failure: detail === '' ? code : detail,
      ...(reject !== undefined && { reject }),
    });
    if (reject === undefined) logger.warn(fields, 'association not opened');
    else
      logger.warn({ ...fields, ...reject }, `association rejected by peer ${rejectText(reject)}`);
    throw error;
  }
}

function createRequest({
  target,
  proposal,
  maximumLengthBytes,
}: RequestorOptions): AssociateRequest {
  const { calledAeTitle, callingAeTitle } = target;
  const { contexts, userIdentity } = proposal;
  if (contexts.length === 0) throw new GantryError('bad-request', 'no presentation context');
  return {
    protocolVersion,
    calledAeTitle,
    callingAeTitle,
    titleFields: encodeTitleFields(calledAeTitle, callingAeTitle),
    applicationContextUid: dicomApplicationContextUid,
    presentationContexts: contexts.map((context, index) => ({
      contextId: 2 * index + 1,
      ...context,
    })),
    // No asynchronous operations window: one operation at a time is what a peer expects then (PS3.7 §D.3.3.3).
    userInformation: {
      maximumLengthBytes,
      implementationClassUid,
      implementationVersionName,
      roleSelections: proposal.roleSelections ?? [],
      extendedNegotiations: proposal.extendedNegotiations ?? [],
      commonExtendedNegotiations: [],
      ...(userIdentity !== undefined && { userIdentity }),
    },
  };
}
