import assert from 'node:assert/strict';
import { test } from 'node:test';
import { publicBaseUrl } from '#src/http/public-base-url.js';

function request(headers: Record<string, string>, remoteAddress = '10.0.0.1') {
  return {
    method: 'GET',
    path: '/',
    query: '',
    remoteAddress,
    header: (name: string) => headers[name],
  };
}

const policy = { trustedProxies: ['10.0.0.1'], isTls: false };
const forwarded = {
  host: 'inner:8080',
  'x-forwarded-host': 'pacs.example, other',
  'x-forwarded-proto': 'https',
  'x-forwarded-prefix': '/dicom/',
};

test('configuration goes first, then a trusted proxy, then the Host header', () => {
  const fixed = { ...policy, publicBaseUrl: 'https://fixed/x/' };
  assert.equal(publicBaseUrl(request(forwarded), fixed), 'https://fixed/x');
  assert.equal(publicBaseUrl(request(forwarded), policy), 'https://pacs.example/dicom');
  assert.equal(publicBaseUrl(request(forwarded, '10.0.0.2'), policy), 'http://inner:8080');
  const tls = { ...policy, isTls: true };
  assert.equal(publicBaseUrl(request({ host: '[::1]:8443' }), tls), 'https://[::1]:8443');
});

test('RFC 7239: the Forwarded header', () => {
  const header = 'for=1.2.3.4; Proto=https; host="a.example:8443", for=9.9.9.9;host=b';
  assert.equal(
    publicBaseUrl(request({ host: 'h', forwarded: header }), policy),
    'https://a.example:8443',
  );
});

test('what cannot stand in a URL gives relative URLs', () => {
  for (const host of ['', 'a/b', 'a b', 'a"><', 'user@host', 'a:b']) {
    assert.equal(publicBaseUrl(request({ host }), policy), '', host);
  }
  const odd = { host: 'h', 'x-forwarded-proto': 'javascript', 'x-forwarded-prefix': '/"' };
  assert.equal(publicBaseUrl(request(odd), policy), 'http://h');
});
