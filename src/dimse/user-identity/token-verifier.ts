import { readFileSync } from 'node:fs';
import type * as Jose from 'jose';
import type { JSONWebKeySet, JWTVerifyGetKey, JWTVerifyOptions } from 'jose';
import { assert } from '#engine/base/assert.js';

/** Where the keys of tokens come from, and what a token has to say; one of the three sources. */
export interface TokenVerifierOptions {
  readonly jwksUrl?: string | undefined;
  /** A JSON Web Key Set (RFC 7517 §5). */
  readonly jwksFile?: string | undefined;
  /** Bytes that issuer and store share. */
  readonly secretFile?: string | undefined;
  readonly issuer?: string | undefined;
  readonly audience?: string | undefined;
}

/** Whom a token speaks for, or why it cannot be believed: it is wrong, or its keys could not be had. */
export type TokenVerdict = { readonly subject: string } | 'wrong' | 'unavailable';

export type TokenVerifier = (token: string) => Promise<TokenVerdict>;

/** Signatures with a private key; none that a holder of the public key could make. */
const publicKeyAlgorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA'],
];
const secretAlgorithms = ['HS256', 'HS384', 'HS512'];
/** RFC 7518 §3.2: a key as long as the hash of HS256 at least. */
const secretBytesMin = 32;
const clockToleranceSeconds = 60;
const fetchTimeoutMs = 5_000;

/**
 * Verifies JSON Web Tokens (RFC 7519): signature, expiry (which a token must have), not-before, issuer and audience. Rejects
 * when a file of keys cannot be read; undefined when no source of keys is given.
 */
export async function createTokenVerifier(
  options: TokenVerifierOptions,
): Promise<TokenVerifier | undefined> {
  const { jwksUrl, jwksFile, secretFile } = options;
  if ((jwksUrl ?? jwksFile ?? secretFile) === undefined) return undefined;
  // Stores without tokens start a tenth of a second earlier without it.
  const jose = await import('jose');
  const keys = readKeys(options, jose);
  const { issuer, audience } = options;
  const rules: JWTVerifyOptions = {
    algorithms: keys.algorithms,
    requiredClaims: ['exp'],
    clockTolerance: clockToleranceSeconds,
    ...(issuer !== undefined && { issuer }),
    ...(audience !== undefined && { audience }),
  };
  return async (token) => {
    try {
      const { payload } = await jose.jwtVerify(token, keys.getKey, rules);
      return { subject: payload.sub ?? '' };
    } catch (error) {
      return isOurTrouble(error, jose) ? 'unavailable' : 'wrong';
    }
  };
}

interface Keys {
  readonly getKey: JWTVerifyGetKey;
  readonly algorithms: string[];
}

function readKeys(
  { jwksUrl, jwksFile, secretFile }: TokenVerifierOptions,
  jose: typeof Jose,
): Keys {
  if (secretFile !== undefined) {
    const secret = readFileSync(secretFile);
    if (secret.length < secretBytesMin) {
      throw new Error(`${secretFile}: a shared key has at least ${secretBytesMin} bytes`);
    }
    return { getKey: () => secret, algorithms: secretAlgorithms };
  }
  if (jwksFile !== undefined) {
    const keySet = JSON.parse(readFileSync(jwksFile, 'utf8')) as JSONWebKeySet;
    return { getKey: jose.createLocalJWKSet(keySet), algorithms: publicKeyAlgorithms };
  }
  assert(jwksUrl !== undefined, 'keys have a source');
  const getKey = jose.createRemoteJWKSet(new URL(jwksUrl), { timeoutDuration: fetchTimeoutMs });
  return { getKey, algorithms: publicKeyAlgorithms };
}

/** The keys could not be fetched or understood, for which the token is not to blame. */
function isOurTrouble(error: unknown, { errors }: typeof Jose): boolean {
  if (!(error instanceof errors.JOSEError)) return true;
  return (
    error instanceof errors.JWKSTimeout ||
    error instanceof errors.JWKSInvalid ||
    error.code === errors.JOSEError.code
  );
}
