import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  corsHeaders,
  preflightHeaders,
  refuseForeignPages,
  type CorsPolicy,
} from '#src/http/cors.js';
import { FakeExchange } from '#test/helpers/fake-exchange.js';

test('every origin: a wildcard without credentials', () => {
  const headers = new Map(corsHeaders({ allowedOrigins: '*' }, 'https://a'));
  assert.equal(headers.get('access-control-allow-origin'), '*');
  assert.equal(headers.has('access-control-allow-credentials'), false);
  assert.equal(headers.get('cross-origin-resource-policy'), 'cross-origin');
  assert.match(headers.get('access-control-expose-headers') ?? '', /Content-Range.*ETag.*Warning/);
});

test('listed origins: the origin itself, with credentials, and Vary in any case', () => {
  const policy = { allowedOrigins: ['https://a'] };
  const listed = new Map(corsHeaders(policy, 'https://a'));
  assert.equal(listed.get('access-control-allow-origin'), 'https://a');
  assert.equal(listed.get('access-control-allow-credentials'), 'true');
  assert.equal(listed.get('vary'), 'Origin');
  for (const origin of ['https://b', 'https://a.b', undefined]) {
    const other = new Map(corsHeaders(policy, origin));
    assert.equal(other.has('access-control-allow-origin'), false);
    assert.equal(other.get('vary'), 'Origin');
  }
});

test('a preflight allows what viewers send', () => {
  const headers = new Map(preflightHeaders);
  for (const name of [
    'Authorization',
    'Content-Type',
    'Accept',
    'Range',
    'If-None-Match',
    'X-Requested-With',
  ]) {
    assert.ok(headers.get('access-control-allow-headers')?.includes(name), name);
  }
  assert.equal(
    headers.get('access-control-allow-methods'),
    'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
  );
  assert.equal(headers.get('access-control-max-age'), '86400');
});

test('a page of an origin that is not listed changes nothing, whatever a browser sends without asking', () => {
  const isRefused = (
    allowedOrigins: CorsPolicy['allowedOrigins'],
    method: string,
    headers: Readonly<Record<string, string>>,
  ): boolean => {
    const { request } = new FakeExchange(method, '/studies', headers);
    try {
      refuseForeignPages({ allowedOrigins }, request);
      return false;
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'foreign-page');
      return true;
    }
  };
  const foreign = { 'sec-fetch-site': 'cross-site', origin: 'https://b' };
  assert.equal(isRefused([], 'POST', foreign), true);
  assert.equal(isRefused([], 'DELETE', { ...foreign, 'sec-fetch-site': 'same-site' }), true);
  assert.equal(isRefused(['https://a'], 'PUT', foreign), true);
  assert.equal(isRefused(['https://a'], 'POST', { 'sec-fetch-site': 'cross-site' }), true);
  assert.equal(isRefused(['https://b'], 'POST', foreign), false);
  assert.equal(isRefused('*', 'POST', foreign), false);
  assert.equal(isRefused([], 'GET', foreign), false);
  // pages of the store's own origin, addresses that a user types, and clients that are no browser
  for (const site of ['same-origin', 'none']) {
    assert.equal(isRefused([], 'POST', { ...foreign, 'sec-fetch-site': site }), false);
  }
  assert.equal(isRefused([], 'POST', { origin: 'https://b' }), false);
});
