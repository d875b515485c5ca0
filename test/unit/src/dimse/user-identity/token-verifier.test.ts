import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import type { CryptoKey } from 'jose';
import { createTokenVerifier } from '#src/dimse/user-identity/token-verifier.js';
import type {
  TokenVerifier,
  TokenVerifierOptions,
} from '#src/dimse/user-identity/token-verifier.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

const secret = Buffer.alloc(32, 7);
const rules = { issuer: 'https://issuer.example', audience: 'gantry' };

function write(bytes: string | Buffer): string {
  const path = join(temporaryDirectory(), 'keys');
  writeFileSync(path, bytes);
  return path;
}

async function verifier(options: TokenVerifierOptions): Promise<TokenVerifier> {
  const verify = await createTokenVerifier({ ...rules, ...options });
  assert.ok(verify);
  return verify;
}

function token(): SignJWT {
  return new SignJWT({})
    .setSubject('dr.who')
    .setIssuer(rules.issuer)
    .setAudience(rules.audience)
    .setExpirationTime('5m');
}

function signed(jwt: SignJWT, key: CryptoKey | Uint8Array, alg: string): Promise<string> {
  return jwt.setProtectedHeader({ alg, kid: 'k1' }).sign(key);
}

test('RFC 7519: a token has to be signed by the shared key, in time, and meant for us', async () => {
  const verify = await verifier({ secretFile: write(secret) });
  const good = await signed(token(), secret, 'HS256');
  assert.deepEqual(await verify(good), { subject: 'dr.who' });
  const bad: Record<string, string> = {
    'another key': await signed(token(), Buffer.alloc(32, 8), 'HS256'),
    expired: await signed(token().setExpirationTime('-5m'), secret, 'HS256'),
    'not yet': await signed(token().setNotBefore('5m'), secret, 'HS256'),
    'without expiry': await signed(
      new SignJWT({}).setIssuer(rules.issuer).setAudience(rules.audience),
      secret,
      'HS256',
    ),
    'another audience': await signed(token().setAudience('pacs'), secret, 'HS256'),
    'another issuer': await signed(token().setIssuer('https://x.example'), secret, 'HS256'),
    unsigned: new UnsecuredJWT({}).setAudience(rules.audience).setExpirationTime('5m').encode(),
    'changed on the way': `${good.slice(0, -4)}AAAA`,
    'no token': 'geheim',
  };
  for (const [what, text] of Object.entries(bad)) assert.equal(await verify(text), 'wrong', what);
});

test('RFC 7517: a key set of a file verifies what its private key signed, and no HMAC with the public one', async () => {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1' };
  const verify = await verifier({ jwksFile: write(JSON.stringify({ keys: [jwk] })) });
  assert.deepEqual(await verify(await signed(token(), privateKey, 'ES256')), { subject: 'dr.who' });
  const forged = await signed(token(), Buffer.from(JSON.stringify(jwk).padEnd(64)), 'HS256');
  assert.equal(await verify(forged), 'wrong');
});

test('keys of a URL are fetched; without them a token is neither right nor wrong', async (t) => {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  const keySet = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k1' }] };
  const text = await signed(token(), privateKey, 'ES256');
  const url = await serve(t, JSON.stringify(keySet), 200);
  assert.deepEqual(await (await verifier({ jwksUrl: url }))(text), { subject: 'dr.who' });
  for (const [body, status] of [
    ['{}', 200],
    ['<html>', 200],
    ['gone', 503],
  ] as const) {
    const broken = await verifier({ jwksUrl: await serve(t, body, status) });
    assert.equal(await broken(text), 'unavailable', `${status} ${body}`);
  }
  const nobody = await verifier({ jwksUrl: 'http://127.0.0.1:1/jwks' });
  assert.equal(await nobody(text), 'unavailable');
});

test('a shared key that is too short to be one is refused at the start', async () => {
  await assert.rejects(verifier({ secretFile: write('short') }), /32 bytes/);
  assert.equal(await createTokenVerifier(rules), undefined);
});

async function serve(t: TestContext, body: string, status: number): Promise<string> {
  const server = createServer((_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return `http://127.0.0.1:${address.port}/jwks`;
}
