import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GantryError } from '#engine/base/error-catalogue.js';
import { createLogger, describeError } from '#src/observability/logger.js';

function logTo(lines: string[], options: { level?: 'info' | 'warn'; pretty?: boolean } = {}) {
  const { level = 'info', pretty = false } = options;
  return createLogger({ level, pretty }, { write: (line) => void lines.push(line) });
}

test('lines are JSON with level, time and fields', () => {
  const lines: string[] = [];
  logTo(lines).child({ correlationId: 'c1' }).info({ count: 2 }, 'stored');
  const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
  assert.match(String(line['time']), /^\d{4}-\d\d-\d\dT/);
  assert.deepEqual(
    { ...line, time: '' },
    { level: 'info', time: '', correlationId: 'c1', count: 2, msg: 'stored' },
  );
});

test('lines below the level are not written', () => {
  const lines: string[] = [];
  const log = logTo(lines, { level: 'warn' });
  log.info({}, 'no');
  log.error({}, 'yes');
  assert.equal(lines.length, 1);
});

test('pretty lines are for people', () => {
  const lines: string[] = [];
  logTo(lines, { pretty: true }).warn({ port: 1 }, 'in use');
  assert.match(lines[0] ?? '', /^\d\d:\d\d:\d\d\.\d{3} warn {2}in use port=1\n$/);
});

test('the message of an error that may quote data is withheld, its place in the code is not', () => {
  const error = new Error("Conversion Error: 'DOE^JOHN' is not an INTEGER");
  const lines: string[] = [];
  logTo(lines).error({ err: error }, 'query failed');
  assert.doesNotMatch(lines[0] ?? '', /DOE/);
  assert.match(lines[0] ?? '', /logger\.test/);
});

test('a message over several lines does not come back with the stack', () => {
  const error = new SyntaxError('Unexpected token in\nDOE^JOHN\n  at bed 5');
  assert.doesNotMatch(JSON.stringify(describeError(error)), /DOE|bed/);
});

test('messages that hold no data are kept', () => {
  const system = Object.assign(new Error('ENOSPC: no space left'), {
    code: 'ENOSPC',
    syscall: 'write',
  });
  for (const error of [
    new GantryError('corrupt', 'segment 3'),
    new TypeError('x is not a function'),
    new Error('assertion failed: length fits'),
    system,
  ]) {
    assert.equal(describeError(error).message, error.message);
  }
  assert.equal(describeError(new GantryError('corrupt')).code, 'corrupt');
  assert.equal(describeError(system).code, 'ENOSPC');
});

test('causes are described by the same rule', () => {
  const error = new GantryError('processing-failure', '', { cause: new Error('DOE^JOHN') });
  const described = describeError(error);
  assert.equal(described.cause?.type, 'Error');
  assert.doesNotMatch(JSON.stringify(described), /DOE/);
});

test('what is thrown without being an error is not quoted', () => {
  assert.doesNotMatch(JSON.stringify(describeError('DOE^JOHN')), /DOE/);
});
