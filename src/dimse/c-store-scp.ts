import { GantryError } from '#engine/base/error-catalogue.js';
import type { Logger } from '#engine/base/logger.js';
import { isUid } from '#engine/base/uid.js';
import { commandField } from '#engine/dimse/command-set.js';
import { dimseStatus, failureStatus } from '#engine/dimse/dimse-status.js';
import type { StoreOutcome, StoreSession, StoreSessionOptions } from '#engine/engine-types.js';
import { findInformationModel } from './query-retrieve/information-models.js';
import type {
  DataSetReceiver,
  DimseRequest,
  ServiceAssociation,
  ServiceProvider,
} from './service-provider.js';
import { storageCommitmentSopClassUid, verificationSopClassUid } from './storage-contexts.js';

/** What a storage SCP needs beyond its association. */
export interface CStoreScpDependencies {
  readonly openStoreSession: (options: StoreSessionOptions) => StoreSession;
  readonly partition: number;
  readonly logger: Logger;
}

/**
 * Storage SCP, PS3.4 Annex B and PS3.7 §9.1.1. All instances of an association go through one store session, as bytes arrive.
 * Instances whose response is still outstanding when the association ends stay stored (PS3.4 §B.2.2); one whose data set was
 * not complete is dropped.
 */
export class CStoreScp implements ServiceProvider {
  readonly commandField = commandField.cStoreRequest;
  readonly #association: ServiceAssociation;
  readonly #dependencies: CStoreScpDependencies;
  #session: StoreSession | undefined;
  #isReceiving = false;

  constructor(association: ServiceAssociation, dependencies: CStoreScpDependencies) {
    this.#association = association;
    this.#dependencies = dependencies;
  }

  begin(request: DimseRequest): DataSetReceiver | undefined {
    const sopClassUid = request.command.affectedSopClassUid ?? '';
    const sopInstanceUid = request.command.affectedSopInstanceUid ?? '';
    const refusal = findRefusal(request, sopClassUid, sopInstanceUid);
    if (refusal !== undefined) return this.#refuse(request, refusal);

    const session = this.#openSession();
    if (session instanceof GantryError) return this.#refuse(request, session);
    session.beginInstance({
      transferSyntaxUid: request.context.transferSyntaxUid,
      sopClassUid,
      sopInstanceUid,
      callingAeTitle: this.#association.callingAeTitle,
    });
    this.#isReceiving = true;
    return {
      write: (bytes) => {
        if (!session.write(bytes)) this.#association.pauseReceiving();
      },
      end: () => {
        this.#isReceiving = false;
        void session.endInstance().then((outcome) => {
          this.#answer(request, outcome);
        });
      },
    };
  }

  close(): void {
    if (this.#isReceiving) this.#session?.abandonInstance();
    this.#isReceiving = false;
    this.#session?.close();
  }

  /** The session of the association; its error when the store admits no further one, to be tried again next time. */
  #openSession(): StoreSession | GantryError {
    try {
      this.#session ??= this.#dependencies.openStoreSession({
        partition: this.#dependencies.partition,
        correlationId: this.#association.associationId,
        onDrain: () => {
          this.#association.resumeReceiving();
        },
      });
      return this.#session;
    } catch (error) {
      if (error instanceof GantryError) return error;
      throw error;
    }
  }

  /** Answers after the data set, which the sender sends in any case. */
  #refuse(request: DimseRequest, error: GantryError): DataSetReceiver | undefined {
    const answer = (): void => {
      this.#answer(request, { result: 'failed', error });
    };
    if (request.hasDataSet) return { write: () => undefined, end: answer };
    answer();
    return undefined;
  }

  #answer(request: DimseRequest, outcome: StoreOutcome): void {
    if (outcome.result !== 'failed') {
      return this.#association.respond(request, { status: dimseStatus.success });
    }
    const { error } = outcome;
    const elements = failureStatus(error);
    this.#dependencies.logger.warn(
      {
        associationId: this.#association.associationId,
        code: error.code,
        detail: error.detail,
        status: elements.status,
        ...(error.cause !== undefined && { err: error.cause }),
      },
      'instance not stored',
    );
    this.#association.respond(request, elements);
  }
}

function findRefusal(
  request: DimseRequest,
  sopClassUid: string,
  sopInstanceUid: string,
): GantryError | undefined {
  const { abstractSyntaxUid } = request.context;
  const isStorage =
    abstractSyntaxUid !== verificationSopClassUid &&
    abstractSyntaxUid !== storageCommitmentSopClassUid &&
    findInformationModel(abstractSyntaxUid) === undefined;
  if (!isStorage) {
    return new GantryError('sop-class-unsupported', 'not a storage presentation context');
  }
  if (sopClassUid !== abstractSyntaxUid) {
    return new GantryError('sop-mismatch', 'SOP class differs from the presentation context');
  }
  if (!isUid(sopInstanceUid)) {
    return new GantryError('identifier-missing', 'AffectedSOPInstanceUID (0000,1000)');
  }
  if (!request.hasDataSet) return new GantryError('malformed', 'no data set');
  return undefined;
}
