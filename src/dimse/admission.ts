import type { AcceptancePolicy, IdentityVerdict } from '#engine/upper-layer/negotiation.js';
import type { CallerRefusal } from './association-observer.js';
import type { AcceptedProviderFactory } from './service-provider.js';
import type { IdentityVerifier } from './user-identity/identity-verifier.js';

/** What one caller gets to see of the service. */
export interface Admission {
  readonly policy: AcceptancePolicy;
  readonly services: readonly AcceptedProviderFactory[];
  /** Whether the caller may send requests of this Command Field. */
  readonly isCommandPermitted: (commandField: number) => boolean;
  /** Why the caller is refused as such; the policy rejects it then. */
  readonly refusal?: 'unknown-ae' | 'wrong-address';
  /** Asked before a caller is accepted; without it identities are ignored. */
  readonly verifyIdentity?: IdentityVerifier;
}

/** Why a caller is refused as such, by the access rules or for its identity. */
export function refusalOf(
  admission: Admission,
  identity: IdentityVerdict,
): CallerRefusal | undefined {
  return identity.result === 'refused' ? `identity-${identity.reason}` : admission.refusal;
}
