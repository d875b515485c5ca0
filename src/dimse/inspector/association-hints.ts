import type { AbortCause } from '#engine/upper-layer/association.js';
import { abortReason, presentationContextResult } from '#engine/upper-layer/pdu-types.js';
import type {
  AssociateReject,
  AssociateRequest,
  PresentationContextAnswer,
} from '#engine/upper-layer/pdu-types.js';
import type { AnsweredAssociation, CallerRefusal } from '#src/dimse/association-observer.js';
import { verbsOfAbstractSyntax } from '#src/dimse/access-rules.js';

const refusalHints: Readonly<Record<CallerRefusal, string>> = {
  'unknown-ae':
    'the calling AE title is no remote AE: add it to remoteAes (file) or POST it to /config/remote-aes, ' +
    'or let unknown AEs in with dimse.unknownAeVerbs',
  'wrong-address':
    'the remote AE may not call from this address: correct its list of addresses, or the network between',
  'identity-missing':
    'the peer offers no user identity: give it a user and passcode or a token, or set dimse.userIdentity.required to false',
  'identity-unsupported':
    'the peer offers a kind of user identity that is not checked here: it has to be a user with passcode ' +
    '(dimse.userIdentity.usersFile) or a JSON Web Token (dimse.userIdentity.jwt)',
  'identity-wrong':
    'the user and passcode are not those of dimse.userIdentity.usersFile, or the token is expired, meant for somebody else or ' +
    'not signed with a key of dimse.userIdentity.jwt',
  'identity-unverified':
    'the user identity could not be checked: the keys of dimse.userIdentity.jwt.jwksUrl could not be had, or too many callers waited',
};

/** By result/source/reason of PS3.8 Table 9-21. */
const rejectHintTable: Readonly<Record<string, string>> = {
  '1/1/1': 'the user identity that the peer offered was refused',
  '1/1/2': 'the peer does not speak DICOM: its application context is another',
  '1/1/3': 'the calling AE title is not among dimse.acceptedCallingAes, or is no AE title at all',
  '1/1/7':
    'the called AE title is none of ours: correct it at the peer, add it to dimse.localAes, or turn dimse.checkCalledAe off',
  '1/2/2': 'the peer speaks another version of the upper layer protocol',
  '2/1/1': refusalHints['identity-unverified'],
  '2/3/1':
    'the store had no room for another sender: raise ingest.arenaBytes, or send less at one time',
  '2/3/2':
    'too many associations at one time: raise dimse.maxAssociations, or find the peer that leaves them open',
};

/** What to do about an association that was rejected. */
export function rejectHints(
  { refusal }: AnsweredAssociation,
  { result, source, reason }: AssociateReject,
): string[] {
  if (refusal !== undefined) return [refusalHints[refusal]];
  const hint = rejectHintTable[`${result}/${source}/${reason}`];
  return hint === undefined ? [] : [hint];
}

/** What to do about presentation contexts that were not accepted; one hint per kind of refusal. */
export function contextHints(
  request: AssociateRequest,
  answers: readonly PresentationContextAnswer[],
): string[] {
  const proposed = new Map(request.presentationContexts.map((entry) => [entry.contextId, entry]));
  const hints = new Set<string>();
  for (const { contextId, result } of answers) {
    const context = proposed.get(contextId);
    if (context !== undefined) addContextHint(hints, context.abstractSyntaxUid, result);
  }
  return [...hints];
}

function addContextHint(hints: Set<string>, abstractSyntaxUid: string, result: number): void {
  switch (result) {
    case presentationContextResult.userRejection: {
      const verbs = verbsOfAbstractSyntax(abstractSyntaxUid).join(' or ');
      hints.add(`the caller may not ${verbs}: add it to the verbs of the remote AE`);
      return;
    }
    case presentationContextResult.abstractSyntaxNotSupported:
      hints.add(
        'an SOP class is not supported: a private storage class goes into dimse.additionalSopClasses',
      );
      return;
    case presentationContextResult.transferSyntaxesNotSupported:
      hints.add('no transfer syntax of a context is known: the peer has to propose a standard one');
  }
}

/** What to do about a connection that never became an association. */
export function connectionHints(cause: AbortCause, isTls: boolean): string[] {
  if (cause.by !== 'provider') return ['the peer gave up before it asked for an association'];
  const isForeign = cause.reason === abortReason.unrecognizedPdu;
  // A TLS client begins with a handshake record, content type 22 (RFC 8446 §5.1).
  if (isForeign && !isTls && cause.detail.includes('PDU type 22 ')) {
    return ['the peer speaks TLS: let it call the port dimse.tls.port'];
  }
  if (isForeign) return ['what arrived is not DICOM: is it a web browser or a port scan?'];
  return [`what arrived breaks the protocol: ${cause.detail}`];
}

const tlsHints: readonly (readonly [pattern: RegExp, hint: string])[] = [
  [
    /PEER_DID_NOT_RETURN_A_CERTIFICATE/,
    'the peer shows no certificate: give it one, or set dimse.tls.mutual to false',
  ],
  [/CERT|UNABLE_TO|SELF_SIGNED/, 'the certificate of the peer does not come from dimse.tls.caFile'],
  [/HTTP_REQUEST|WRONG_VERSION_NUMBER/, 'the peer does not speak TLS: let it call dimse.port'],
  [
    /NO_SHARED_CIPHER|UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION/,
    'the peer offers no TLS 1.2 or 1.3 with ECDHE and AEAD (BCP 195): its TLS library is too old',
  ],
  [
    /UNKNOWN_CA/i,
    'the peer does not trust our certificate: give it the authority of dimse.tls.certFile',
  ],
];

/** What to do about a TLS handshake that failed with `reason`. */
export function tlsHint(reason: string): string {
  const known = tlsHints.find(([pattern]) => pattern.test(reason));
  return known === undefined ? `the TLS handshake failed: ${reason}` : known[1];
}
