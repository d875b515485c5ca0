import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Files of an authority and of two certificates that it signed, PEM. */
export interface TlsKeyFiles {
  readonly ca: string;
  readonly server: { readonly key: string; readonly cert: string };
  readonly client: { readonly key: string; readonly cert: string };
}

/** Why tests that need certificates are skipped, or false. */
export const opensslMissing: string | false = isInstalled()
  ? false
  : 'NO TLS TESTED: install Debian package openssl';

/** Makes an authority, a server's and a client's certificate, in `directory`. */
export function createTlsKeys(directory: string): TlsKeyFiles {
  const ca = createKey(directory, 'ca');
  openssl(
    'req',
    '-x509',
    '-new',
    '-key',
    ca,
    '-subj',
    '/CN=Test CA',
    '-days',
    '2',
    '-out',
    pem('ca-cert'),
  );
  const sign = (name: string): { key: string; cert: string } => {
    const key = createKey(directory, name);
    const request = join(directory, `${name}.csr`);
    openssl('req', '-new', '-key', key, '-subj', `/CN=${name}`, '-out', request);
    const cert = pem(`${name}-cert`);
    const extensions = join(directory, `${name}.ext`);
    writeFileSync(extensions, 'subjectAltName=IP:127.0.0.1\n');
    openssl(
      ...['x509', '-req', '-in', request, '-CA', pem('ca-cert'), '-CAkey', ca, '-CAcreateserial'],
      ...['-days', '2', '-extfile', extensions, '-out', cert],
    );
    return { key, cert };
  };
  function pem(name: string): string {
    return join(directory, `${name}.pem`);
  }
  return { ca: pem('ca-cert'), server: sign('server'), client: sign('client') };
}

function createKey(directory: string, name: string): string {
  const path = join(directory, `${name}-key.pem`);
  openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', path);
  return path;
}

function openssl(...args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: 'ignore' });
}

function isInstalled(): boolean {
  try {
    openssl('version');
    return true;
  } catch {
    return false;
  }
}
