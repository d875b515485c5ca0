import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  answerLivez,
  answerMetrics,
  answerReadyz,
  answerVersion,
} from '#src/observability/health-routes.js';
import { createMetrics } from '#src/observability/metrics.js';
import { readVersionInfo } from '#src/observability/version.js';

test('a living process says so', () => {
  assert.equal(answerLivez().status, 200);
});

test('readiness is 200, or 503 with the reason', () => {
  assert.equal(answerReadyz({ isReady: true, reason: '' }).status, 200);
  const answer = answerReadyz({ isReady: false, reason: 'the storage is full' });
  assert.deepEqual([answer.status, answer.body], [503, 'not ready: the storage is full\n']);
});

test('the version is JSON', () => {
  const { body } = answerVersion(readVersionInfo());
  assert.equal((JSON.parse(body) as { name: string }).name, 'gantry');
});

test('metrics are served in the text format of Prometheus', async () => {
  const { status, contentType, body } = await answerMetrics(createMetrics(() => undefined));
  assert.equal(status, 200);
  assert.match(contentType, /^text\/plain; version=0\.0\.4/);
  assert.match(body, /^# HELP /);
});
