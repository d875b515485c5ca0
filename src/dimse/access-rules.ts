import { commandField } from '#engine/dimse/command-set.js';
import { isAddressAmong } from '#engine/transport/address-list.js';
import type { DimseVerb, RemoteAe } from '#src/config/option-types.js';
import { storageCommitmentSopClassUid, verificationSopClassUid } from './storage-contexts.js';

/** Who asks for an association. */
export interface Caller {
  readonly aeTitle: string;
  readonly remoteAddress: string;
}

/** Who may do what. */
export interface AccessRules {
  findRemoteAe(aeTitle: string): RemoteAe | undefined;
  /** What AE titles may do that are no remote AE; nothing makes the store strict. */
  readonly unknownAeVerbs: readonly DimseVerb[];
}

/** Why a caller is refused, or what it may do. */
export type CallerRights =
  | { readonly isKnown: boolean; readonly verbs: ReadonlySet<DimseVerb> }
  | { readonly refusal: 'unknown-ae' | 'wrong-address' };

export function rightsOf(caller: Caller, rules: AccessRules): CallerRights {
  const remote = rules.findRemoteAe(caller.aeTitle);
  if (remote === undefined) {
    return rules.unknownAeVerbs.length === 0
      ? { refusal: 'unknown-ae' }
      : { isKnown: false, verbs: new Set(rules.unknownAeVerbs) };
  }
  const { addresses } = remote;
  if (addresses.length > 0 && !isAddressAmong(caller.remoteAddress, addresses)) {
    return { refusal: 'wrong-address' };
  }
  return { isKnown: true, verbs: new Set(remote.verbs) };
}

/** Query/Retrieve classes of both information models end in 1, 2 and 3 (PS3.4 Table C.6.1-3). */
const retrieveClassPattern = /^1\.2\.840\.10008\.5\.1\.4\.1\.2\.[123]\.([123])$/;
const retrieveVerbs: Readonly<Record<string, DimseVerb>> = { 1: 'find', 2: 'move', 3: 'get' };

/** The verbs that a presentation context is good for; one of them has to be permitted. */
export function verbsOfAbstractSyntax(uid: string): readonly DimseVerb[] {
  if (uid === verificationSopClassUid) return ['echo'];
  const retrieve = retrieveVerbs[retrieveClassPattern.exec(uid)?.[1] ?? ''];
  if (retrieve !== undefined) return [retrieve];
  if (uid === storageCommitmentSopClassUid) return ['store'];
  // A storage context serves C-STORE, and C-GET in the other direction.
  return ['store', 'get'];
}

const commandVerbs: ReadonlyMap<number, DimseVerb> = new Map([
  [commandField.cEchoRequest, 'echo'],
  [commandField.cStoreRequest, 'store'],
  [commandField.cFindRequest, 'find'],
  [commandField.cMoveRequest, 'move'],
  [commandField.cGetRequest, 'get'],
  [commandField.nActionRequest, 'store'],
]);

/** Whether a request of this Command Field is among `verbs`; one that we do not know is refused for that, elsewhere. */
export function isCommandPermitted(field: number, verbs: ReadonlySet<DimseVerb>): boolean {
  const verb = commandVerbs.get(field);
  return verb === undefined || verbs.has(verb);
}
