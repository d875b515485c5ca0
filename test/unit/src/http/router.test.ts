import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Router } from '#src/http/router.js';

const router = new Router([
  { method: 'GET', template: '/studies' },
  { method: 'POST', template: '/studies' },
  { method: 'GET', template: '/studies/{study}' },
  { method: 'DELETE', template: '/studies/{study}' },
  { method: 'GET', template: '/studies/{study}/metadata' },
  { method: 'GET', template: '/studies/{study}/series/{series}' },
  { method: 'GET', template: '/studies/special/series' },
  { method: 'GET', template: '/studies/{study}/bulkdata/{path*}' },
  { method: 'GET', template: '/' },
]);

function found(method: string, path: string): unknown {
  const match = router.match(method, path);
  return match.kind === 'found' ? [match.route.template, match.params] : match;
}

describe('Router', () => {
  test('finds literals, parameters and rests', () => {
    assert.deepEqual(found('GET', '/'), ['/', {}]);
    assert.deepEqual(found('GET', '/studies'), ['/studies', {}]);
    assert.deepEqual(found('GET', '/studies/1.2'), ['/studies/{study}', { study: '1.2' }]);
    assert.deepEqual(found('GET', '/studies/1.2/series/3'), [
      '/studies/{study}/series/{series}',
      { study: '1.2', series: '3' },
    ]);
    assert.deepEqual(found('GET', '/studies/1/bulkdata/00400100/1/7FE00010'), [
      '/studies/{study}/bulkdata/{path*}',
      { study: '1', path: '00400100/1/7FE00010' },
    ]);
  });

  test('a literal that leads nowhere does not hide a parameter', () => {
    assert.deepEqual(found('GET', '/studies/special/metadata'), [
      '/studies/{study}/metadata',
      { study: 'special' },
    ]);
  });

  test('one trailing slash is let through, empty segments are not', () => {
    assert.deepEqual(found('GET', '/studies/'), ['/studies', {}]);
    for (const path of ['/studies//', '//studies', '/studies//series/3']) {
      assert.deepEqual(found('GET', path), { kind: 'not-found' }, path);
    }
  });

  test('segments are decoded once', () => {
    assert.deepEqual(found('GET', '/studies/a%20b'), ['/studies/{study}', { study: 'a b' }]);
    assert.deepEqual(found('GET', '/studies/%2531'), ['/studies/{study}', { study: '%31' }]);
    assert.deepEqual(found('GET', '/stud%69es'), ['/studies', {}]);
  });

  test('segments that only serve to reach others are refused', () => {
    for (const segment of [
      '..',
      '%2e%2e',
      '.',
      '%2F',
      'a%2fb',
      '%5c',
      '%00',
      '%',
      '%FF',
      '..%2f',
    ]) {
      assert.throws(
        () => router.match('GET', `/studies/${segment}/metadata`),
        {
          code: 'bad-request',
        },
        segment,
      );
    }
  });

  test('unknown paths are 404; known paths without the method are 405 with Allow', () => {
    assert.deepEqual(found('GET', '/nothing'), { kind: 'not-found' });
    assert.deepEqual(found('GET', '/studies/1/series'), { kind: 'not-found' });
    assert.deepEqual(found('GET', '/studies/1/bulkdata'), { kind: 'not-found' });
    assert.deepEqual(found('PUT', '/studies'), {
      kind: 'method-not-allowed',
      allow: 'GET, POST, HEAD, OPTIONS',
    });
    assert.deepEqual(found('get', '/studies/1/metadata'), {
      kind: 'method-not-allowed',
      allow: 'GET, HEAD, OPTIONS',
    });
  });

  test('GET routes serve HEAD', () => {
    assert.deepEqual(found('HEAD', '/studies/1'), ['/studies/{study}', { study: '1' }]);
  });

  test('a table with two rows for one place is a programmer error', () => {
    const row = { method: 'GET', template: '/a/{x}' };
    assert.throws(() => new Router([row, { method: 'GET', template: '/a/{y}' }]), /assertion/);
    assert.throws(() => new Router([{ method: 'GET', template: '/{a*}/b' }]), /assertion/);
  });
});
