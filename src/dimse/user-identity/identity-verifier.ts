import type { Logger } from '#engine/base/logger.js';
import type { IdentityVerdict } from '#engine/upper-layer/negotiation.js';
import type { UserIdentity } from '#engine/upper-layer/user-information.js';
import type { Config } from '#src/config/config-options.js';
import { createTokenVerifier } from './token-verifier.js';
import type { TokenVerifier } from './token-verifier.js';
import { readUserDirectory } from './user-directory.js';
import type { UserDirectory } from './user-directory.js';
import { UsersFile } from './users-file.js';

/** What identities are checked against. */
export interface IdentitySources {
  readonly users?: Pick<UserDirectory, 'isUser'> | undefined;
  readonly verifyToken?: TokenVerifier | undefined;
  /** Refuse callers that offer no identity which can be checked. */
  readonly isRequired: boolean;
}

/** Judges the identity that a requestor offers, if it offers one. Never rejects. */
export type IdentityVerifier = (identity: UserIdentity | undefined) => Promise<IdentityVerdict>;

/** Values of User-Identity-Type, PS3.7 Table D.3-14. A name alone, Kerberos and SAML are not checked. */
const identityType = { userNameAndPasscode: 2, jsonWebToken: 5 } as const;

/**
 * The verifier that a site has configured; undefined when it has configured none, and identities are ignored then. Rejects when a
 * file cannot be read.
 */
export async function openIdentityVerifier(
  options: Config['dimse']['userIdentity'],
  logger: Logger,
): Promise<IdentityVerifier | undefined> {
  const { usersFile, jwt, required: isRequired } = options;
  const users =
    usersFile === undefined ? undefined : new UsersFile(usersFile, readUserDirectory, logger);
  const verifyToken = await createTokenVerifier(jwt);
  if (users === undefined && verifyToken === undefined) return undefined;
  return createIdentityVerifier({ users, verifyToken, isRequired });
}

/** See `IdentityVerifier`. What is offered and wrong is refused also where nothing is required. */
export function createIdentityVerifier(sources: IdentitySources): IdentityVerifier {
  const { users, verifyToken, isRequired } = sources;
  return async (identity) => {
    try {
      if (identity?.type === identityType.userNameAndPasscode && users !== undefined) {
        return await judgeUser(users, identity);
      }
      if (identity?.type === identityType.jsonWebToken && verifyToken !== undefined) {
        return await judgeToken(verifyToken, identity);
      }
    } catch {
      return { result: 'refused', reason: 'unverified' };
    }
    if (!isRequired) return { result: 'ignored' };
    return { result: 'refused', reason: identity === undefined ? 'missing' : 'unsupported' };
  };
}

async function judgeUser(
  users: Pick<UserDirectory, 'isUser'>,
  { primaryField, secondaryField }: UserIdentity,
): Promise<IdentityVerdict> {
  const userName = textOf(primaryField);
  const isUser = await users.isUser(userName, secondaryField);
  if (isUser === undefined) return { result: 'refused', reason: 'unverified' };
  return isUser ? { result: 'accepted', userName } : { result: 'refused', reason: 'wrong' };
}

async function judgeToken(
  verifyToken: TokenVerifier,
  { primaryField }: UserIdentity,
): Promise<IdentityVerdict> {
  const verdict = await verifyToken(textOf(primaryField).trim());
  if (verdict === 'wrong') return { result: 'refused', reason: 'wrong' };
  if (verdict === 'unavailable') return { result: 'refused', reason: 'unverified' };
  return { result: 'accepted', userName: verdict.subject };
}

/** PS3.7 Table D.3-14: names and tokens are UTF-8. */
function textOf(field: Uint8Array): string {
  return Buffer.from(field).toString('utf8');
}
