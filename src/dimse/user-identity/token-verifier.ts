import { readFileSync } from 'node:fs';
import { createLocalJWKSet, createRemoteJWKSet, errors, jwtVerify } from 'jose';
import type { JSONWebKeySet, JWTVerifyGetKey, JWTVerifyOptions } from 'jose';

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
 * Verifies JSON Web Tokens (RFC 7519): signature, expiry (which a token must have), not-before, issuer and audience. Throws when
 * a file of keys cannot be read; undefined when no source of keys is given.
 */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier | undefined {
  const keys = readKeys(options);
  if (keys === undefined) return undefined;
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
      const { payload } = await jwtVerify(token, keys.getKey, rules);
      return { subject: payload.sub ?? '' };
    } catch (error) {
      return isOurTrouble(error) ? 'unavailable' : 'wrong';
    }
  };
}

interface Keys {
  readonly getKey: JWTVerifyGetKey;
  readonly algorithms: string[];
}

function readKeys({ jwksUrl, jwksFile, secretFile }: TokenVerifierOptions): Keys | undefined {
  if (secretFile !== undefined) {
    const secret = readFileSync(secretFile);
    if (secret.length < secretBytesMin) {
      throw new Error(`${secretFile}: a shared key has at least ${secretBytesMin} bytes`);
    }
    return { getKey: () => secret, algorithms: secretAlgorithms };
  }
  if (jwksFile !== undefined) {
    const keySet = JSON.parse(readFileSync(jwksFile, 'utf8')) as JSONWebKeySet;
    return { getKey: createLocalJWKSet(keySet), algorithms: publicKeyAlgorithms };
  }
  if (jwksUrl === undefined) return undefined;
  const getKey = createRemoteJWKSet(new URL(jwksUrl), { timeoutDuration: fetchTimeoutMs });
  return { getKey, algorithms: publicKeyAlgorithms };
}

/** The keys could not be fetched or understood, for which the token is not to blame. */
function isOurTrouble(error: unknown): boolean {
  if (!(error instanceof errors.JOSEError)) return true;
  return (
    error instanceof errors.JWKSTimeout ||
    error instanceof errors.JWKSInvalid ||
    error.code === errors.JOSEError.code
  );
}
