import { createSecureContext } from 'node:tls';

/** What is wrong with a private key and the certificate for it, both PEM, as OpenSSL says it; undefined when they can be used. */
export function tlsKeyFault(key: Buffer, cert: Buffer): string | undefined {
  try {
    createSecureContext({ key, cert });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
