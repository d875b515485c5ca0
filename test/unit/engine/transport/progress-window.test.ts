import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProgressWindow, progressTickMs } from '#engine/transport/progress-window.js';

const policy = { stallTimeoutMs: 10_000, minimumBodyBytesPerSecond: 100 };

test('a body below the minimum rate is too slow at the end of the window, not before', () => {
  const window = new ProgressWindow();
  assert.equal(window.isTooSlow('body', 0, policy), false);
  window.add(999);
  assert.equal(window.isTooSlow('body', 9_999, policy), false);
  assert.equal(window.isTooSlow('body', 10_000, policy), true);
});

test('a body at the minimum rate goes on, and each window is judged by itself', () => {
  const window = new ProgressWindow();
  window.isTooSlow('body', 0, policy);
  window.add(5_000);
  assert.equal(window.isTooSlow('body', 10_000, policy), false);
  assert.equal(window.isTooSlow('body', 20_000, policy), true);
});

test('a reader need only take something', () => {
  const window = new ProgressWindow();
  window.isTooSlow('reader', 0, policy);
  window.add(1);
  assert.equal(window.isTooSlow('reader', 10_000, policy), false);
  assert.equal(window.isTooSlow('reader', 20_000, policy), true);
});

test('time that we ourselves take does not count', () => {
  const window = new ProgressWindow();
  window.isTooSlow('body', 0, policy);
  assert.equal(window.isTooSlow('ourselves', 9_000, policy), false);
  assert.equal(window.isTooSlow('ourselves', 90_000, policy), false);
  assert.equal(window.isTooSlow('body', 95_000, policy), false);
  assert.equal(window.isTooSlow('body', 100_000, policy), false);
  assert.equal(window.isTooSlow('body', 105_000, policy), true);
});

test('without a minimum rate one byte in a window is enough', () => {
  const lenient = { ...policy, minimumBodyBytesPerSecond: 0 };
  const window = new ProgressWindow();
  window.isTooSlow('body', 0, lenient);
  window.add(1);
  assert.equal(window.isTooSlow('body', 10_000, lenient), false);
  assert.equal(window.isTooSlow('body', 20_000, lenient), true);
});

test('the timer is never slower than uWebSockets.js is patient', () => {
  assert.equal(progressTickMs({ ...policy, stallTimeoutMs: 60_000 }), 5_000);
  assert.equal(progressTickMs({ ...policy, stallTimeoutMs: 200 }), 50);
});
