import { assert } from '#engine/base/assert.js';
import { limits } from '#engine/base/limits.js';
import { PduReader } from './pdu-reader.js';
import type { PduReceiver } from './pdu-reader.js';
import {
  abortReason,
  abortSource,
  associateReject,
  dicomApplicationContextUid,
  InvalidPduError,
  pduLengthMax,
} from './pdu-types.js';
import type {
  Abort,
  AbortReason,
  AssociateAccept,
  AssociateReject,
  AssociateRequest,
} from './pdu-types.js';
import { agreedContexts } from './negotiation.js';
import type { PresentationContext } from './negotiation.js';
import {
  encodeAbort,
  encodeAssociateAccept,
  encodeAssociateReject,
  encodeAssociateRequest,
  encodeReleaseRequest,
  encodeReleaseResponse,
  protocolVersion,
} from './pdu-writer.js';
import { actionFor, associationEvents, nextStates } from './state-machine.js';
import type { AssociationAction, AssociationEvent, AssociationState } from './state-machine.js';

/** Why an association was aborted. `detail` is for logs and holds nothing of what the peer sent but numbers. */
export type AbortCause =
  | ({ readonly by: 'peer' } & Abort)
  | { readonly by: 'provider'; readonly reason: AbortReason; readonly detail: string }
  | { readonly by: 'transport' };

/** What an `Association` wants done: the indications and confirmations of PS3.8 §7, and the transport below. */
export interface AssociationEffects {
  send(bytes: Uint8Array): void;
  /** Close the transport connection after what was sent. */
  close(): void;
  /** (Re)starts the ARTIM timer; on expiry call `artimExpired`. */
  startArtim(): void;
  stopArtim(): void;
  /** A-ASSOCIATE indication: answer with `accept` or `reject`. */
  associateRequested(request: AssociateRequest): void;
  /** A-ASSOCIATE confirmation of the requestor. */
  associateConfirmed(answer: AssociateAccept | AssociateReject): void;
  /** Bytes of a message on an agreed presentation context, as `PduReceiver.onPdvFragment`. */
  dataReceived(contextId: number, isCommand: boolean, isLast: boolean, bytes: Uint8Array): void;
  /** A-RELEASE indication: answer with `respondRelease`. */
  releaseRequested(): void;
  /** A-RELEASE confirmation. */
  releaseConfirmed(): void;
  /**
   * A-ABORT or A-P-ABORT indication; also for a peer that breaks the protocol before there is an association. Not called for an
   * abort of our own.
   */
  aborted(cause: AbortCause): void;
}

/**
 * One DICOM association, acceptor or requestor: bytes in, effects out (PS3.8 §9.2). It knows no socket and no clock. Every event
 * goes through the standard's table; primitives that have no effect in the present state are ignored, since the peer may have
 * ended the association a moment before.
 */
export class Association {
  readonly #effects: AssociationEffects;
  readonly #reader: PduReader;
  readonly #role: 'acceptor' | 'requestor';
  #state: AssociationState = 'Sta1';
  #request: AssociateRequest | undefined;
  /** Indexed by presentation context id. */
  readonly #isAgreed = new Uint8Array(256);

  /** `maximumLengthBytes` is what the peer is told (PS3.8 §D.1): after 0, no limit, it may send PDUs of any length. */
  constructor(
    role: 'acceptor' | 'requestor',
    effects: AssociationEffects,
    maximumLengthBytes: number = limits.pDataPduBytesMax,
  ) {
    this.#role = role;
    this.#effects = effects;
    this.#reader = new PduReader(
      this.#createReceiver(),
      maximumLengthBytes === 0 ? pduLengthMax : limits.pDataPduBytesMax,
    );
  }

  get state(): AssociationState {
    return this.#state;
  }

  /** Whether `sendData` has an effect. */
  get canSendData(): boolean {
    return actionFor('Evt9', this.#state) !== null;
  }

  // ---- transport ----

  transportOpened(): void {
    this.#handle(this.#role === 'acceptor' ? 'Evt5' : 'Evt2');
  }

  receive(chunk: Buffer): void {
    this.#reader.push(chunk);
  }

  transportClosed(): void {
    this.#reader.stop();
    this.#handle('Evt17', { by: 'transport' });
  }

  artimExpired(): void {
    this.#handle('Evt18');
  }

  // ---- primitives of the local user ----

  /** A-ASSOCIATE request; open the transport connection next. */
  requestAssociation(request: AssociateRequest): void {
    assert(this.#role === 'requestor', 'an acceptor requests no association');
    this.#request = request;
    this.#handle('Evt1');
  }

  /** A-ASSOCIATE response, accepting. */
  accept(answer: AssociateAccept, contexts: readonly PresentationContext[]): void {
    if (!this.#advance('Evt7')) return;
    this.#agree(contexts);
    this.#effects.send(encodeAssociateAccept(answer));
  }

  /** A-ASSOCIATE response, rejecting. */
  reject(reject: AssociateReject): void {
    if (!this.#advance('Evt8')) return;
    this.#effects.send(encodeAssociateReject(reject));
    this.#effects.startArtim();
  }

  /** P-DATA request: `bytes` are whole P-DATA-TF PDUs, or the next piece of one. */
  sendData(bytes: Uint8Array): void {
    if (this.#advance('Evt9')) this.#effects.send(bytes);
  }

  requestRelease(): void {
    this.#handle('Evt11');
  }

  respondRelease(): void {
    this.#handle('Evt14');
  }

  /** A-ABORT request, source service-user. */
  abort(): void {
    this.#handle('Evt15');
  }

  // ---- the machine ----

  #createReceiver(): PduReceiver {
    return {
      onAssociateRequest: (request) => {
        this.#request = request;
        this.#handle('Evt6');
        // It may be large, and the acceptor needs it no longer.
        this.#request = undefined;
      },
      onAssociateAccept: (accept) => {
        if (this.#state === 'Sta5') this.#requireFittingAnswer(accept);
        if (this.#handle('Evt3') !== 'AE-3') return;
        this.#agree(
          agreedContexts(this.#request?.presentationContexts ?? [], accept.presentationContexts),
        );
        this.#effects.associateConfirmed(accept);
      },
      onAssociateReject: (reject) => {
        if (this.#handle('Evt4') === 'AE-4') this.#effects.associateConfirmed(reject);
      },
      onDataTransfer: () => {
        this.#handle('Evt10');
      },
      onPdvFragment: (contextId, isCommand, isLast, bytes) => {
        // The header of the PDU has been through the machine; in any other state it said that the PDU is to be ignored.
        if (this.#state !== 'Sta6' && this.#state !== 'Sta7') return;
        if (this.#isAgreed[contextId] === 0) {
          throw new InvalidPduError(
            abortReason.invalidParameterValue,
            `presentation context ${contextId} was not agreed on`,
          );
        }
        this.#effects.dataReceived(contextId, isCommand, isLast, bytes);
      },
      onReleaseRequest: () => {
        this.#handle('Evt12');
      },
      onReleaseResponse: () => {
        this.#handle('Evt13');
      },
      onAbort: (abort) => {
        this.#handle('Evt16', { by: 'peer', ...abort });
      },
      onInvalidPdu: (error) => {
        const { reason, message } = error;
        this.#handle('Evt19', { by: 'provider', reason, detail: message });
      },
    };
  }

  /** Throws `InvalidPduError` for an answer to something else than was asked. */
  #requireFittingAnswer({ applicationContextUid, presentationContexts }: AssociateAccept): void {
    const proposed = new Set(
      this.#request?.presentationContexts.map(({ contextId }) => contextId) ?? [],
    );
    const isFitting =
      applicationContextUid === dicomApplicationContextUid &&
      presentationContexts.every(({ contextId }) => proposed.has(contextId));
    if (isFitting) return;
    const { invalidParameterValue } = abortReason;
    throw new InvalidPduError(invalidParameterValue, 'the answer is not to what was proposed');
  }

  #agree(contexts: readonly PresentationContext[]): void {
    for (const { contextId } of contexts) this.#isAgreed[contextId] = 1;
  }

  /** Goes to the next state if the table has an action for `event`. */
  #advance(event: AssociationEvent): AssociationAction | null {
    const action = actionFor(event, this.#state);
    if (action !== null) this.#state = this.#chooseNextState(action);
    return action;
  }

  #chooseNextState(action: AssociationAction): AssociationState {
    if (action === 'AE-6' && !this.#isProtocolVersionSupported()) return nextStates['AE-6'][1];
    if (action === 'AR-8' && this.#role === 'acceptor') return nextStates['AR-8'][1];
    return nextStates[action][0];
  }

  /** Runs the action for `event`; returns it, or null when there is none. The state changes before the effects. */
  #handle(event: AssociationEvent, cause?: AbortCause): AssociationAction | null {
    const action = this.#advance(event);
    if (action === null) return null;
    if (isAbortAction(action)) this.#runAbortAction(action, event, cause);
    else this.#runAction(action);
    if (this.#state === 'Sta1') this.#reader.stop();
    return action;
  }

  /** Actions of PS3.8 Tables 9-6 to 9-8. */
  #runAction(action: Exclude<AssociationAction, AbortAction>): void {
    const effects = this.#effects;
    switch (action) {
      case 'AE-2':
        assert(this.#request !== undefined, 'a requestor has a request');
        return effects.send(encodeAssociateRequest(this.#request));
      case 'AE-4':
        return effects.close();
      case 'AE-5':
        return effects.startArtim();
      case 'AE-6':
        return this.#indicateAssociation();
      case 'AR-1':
        return effects.send(encodeReleaseRequest());
      case 'AR-2':
      case 'AR-8':
        return effects.releaseRequested();
      case 'AR-3':
        effects.releaseConfirmed();
        return effects.close();
      case 'AR-4':
        effects.send(encodeReleaseResponse());
        return effects.startArtim();
      case 'AR-5':
        return effects.stopArtim();
      case 'AR-9':
        return effects.send(encodeReleaseResponse());
      case 'AR-10':
        return effects.releaseConfirmed();
      // Carried out by those who raise the event, who hold what is to be sent or indicated.
      case 'AE-1':
      case 'AE-3':
      case 'AE-7':
      case 'AE-8':
      case 'DT-1':
      case 'DT-2':
      case 'AR-6':
      case 'AR-7':
        return;
    }
  }

  #indicateAssociation(): void {
    assert(this.#request !== undefined, 'AE-6 follows a request');
    this.#effects.stopArtim();
    if (this.#isProtocolVersionSupported()) {
      return this.#effects.associateRequested(this.#request);
    }
    this.#effects.send(encodeAssociateReject(associateReject.protocolVersionNotSupported));
    this.#effects.startArtim();
  }

  #isProtocolVersionSupported(): boolean {
    return ((this.#request?.protocolVersion ?? 0) & protocolVersion) !== 0;
  }

  /** Actions of PS3.8 Table 9-9. */
  #runAbortAction(
    action: AbortAction,
    event: AssociationEvent,
    cause: AbortCause = unexpectedPdu(event),
  ): void {
    const effects = this.#effects;
    switch (action) {
      case 'AA-1':
      case 'AA-8':
        effects.send(encodeAbort(abortFor(event, cause)));
        effects.startArtim();
        if (event !== 'Evt15') effects.aborted(cause);
        return;
      case 'AA-2':
      case 'AA-5':
        effects.stopArtim();
        return action === 'AA-2' ? effects.close() : undefined;
      case 'AA-3':
        effects.aborted(cause);
        return effects.close();
      case 'AA-4':
        return effects.aborted(cause);
      case 'AA-6':
        return;
      case 'AA-7':
        return effects.send(encodeAbort(abortFor(event, cause)));
    }
  }
}

type AbortAction = Extract<AssociationAction, `AA-${number}`>;

function isAbortAction(action: AssociationAction): action is AbortAction {
  return action.startsWith('AA-');
}

function unexpectedPdu(event: AssociationEvent): AbortCause {
  return {
    by: 'provider',
    reason: abortReason.unexpectedPdu,
    detail: `unexpected: ${associationEvents[event]}`,
  };
}

/**
 * What to say in an A-ABORT. PS3.8 names the service-user as source of AA-1 also where a broken PDU is the cause, but gives a
 * reason only to the service-provider (Table 9-26); we send the provider and the reason, so that the peer learns it.
 */
function abortFor(event: AssociationEvent, cause: AbortCause): Abort {
  if (event === 'Evt15' || cause.by !== 'provider') {
    return { source: abortSource.serviceUser, reason: abortReason.notSpecified };
  }
  return { source: abortSource.serviceProvider, reason: cause.reason };
}
