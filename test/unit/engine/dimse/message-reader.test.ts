import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GantryError } from '#engine/base/error-catalogue.js';
import { limits } from '#engine/base/limits.js';
import { encodeCommandSet } from '#engine/dimse/command-set.js';
import { MessageReader } from '#engine/dimse/message-reader.js';

interface Recorded {
  readonly reader: MessageReader;
  readonly log: string[];
}

function record(): Recorded {
  const log: string[] = [];
  const reader = new MessageReader({
    onCommand: (contextId, command, hasDataSet) => {
      log.push(`command ${contextId} ${command.commandField} ${hasDataSet}`);
    },
    onDataSetFragment: (bytes) => {
      log.push(`fragment ${Buffer.from(bytes).toString()}`);
    },
    onDataSetEnd: () => {
      log.push('end');
    },
  });
  return { reader, log };
}

const store = encodeCommandSet({ commandField: 1, messageId: 1, commandDataSetType: 0 });
const echo = encodeCommandSet({ commandField: 0x30, messageId: 1, commandDataSetType: 0x0101 });

function assertRefused(push: () => void, code: string): void {
  assert.throws(push, (error) => error instanceof GantryError && error.code === code);
}

test('PS3.8 Annex E: a command in fragments, then the data set as it comes', () => {
  const { reader, log } = record();
  reader.push(1, true, false, store.subarray(0, 5));
  assert.ok(reader.isInMessage);
  reader.push(1, true, true, store.subarray(5));
  reader.push(1, false, false, Buffer.from('ab'));
  reader.push(1, false, false, Buffer.alloc(0));
  reader.push(1, false, true, Buffer.from('c'));
  assert.ok(!reader.isInMessage);
  assert.deepEqual(log, ['command 1 1 true', 'fragment ab', 'fragment c', 'end']);
});

test('PS3.7 §6.3: messages follow one another, on any context', () => {
  const { reader, log } = record();
  reader.push(1, true, true, echo);
  reader.push(3, true, true, store);
  reader.push(3, false, true, Buffer.alloc(0));
  reader.push(1, true, true, echo);
  assert.deepEqual(log, ['command 1 48 false', 'command 3 1 true', 'end', 'command 1 48 false']);
});

test('PS3.8 Annex E: fragments of messages do not interleave', () => {
  assertRefused(() => {
    record().reader.push(1, false, true, Buffer.from('x'));
  }, 'malformed');
  const inDataSet = record().reader;
  inDataSet.push(1, true, true, store);
  assertRefused(() => {
    inDataSet.push(1, true, true, echo);
  }, 'malformed');
  const inCommand = record().reader;
  inCommand.push(1, true, false, store.subarray(0, 5));
  assertRefused(() => {
    inCommand.push(3, true, true, store.subarray(5));
  }, 'malformed');
  const otherContext = record().reader;
  otherContext.push(1, true, true, store);
  assertRefused(() => {
    otherContext.push(3, false, true, Buffer.from('x'));
  }, 'malformed');
});

test('a command set is gathered only up to its limit', () => {
  const { reader } = record();
  const piece = Buffer.alloc(limits.commandSetBytesMax / 4);
  for (let i = 0; i < 4; i++) reader.push(1, true, false, piece);
  assertRefused(() => {
    reader.push(1, true, false, Buffer.alloc(1));
  }, 'limit-exceeded');
});

test('PS3.7 §E.1: Command Field and Command Data Set Type are mandatory', () => {
  for (const command of [{ commandField: 1 }, { commandDataSetType: 0x0101 }, {}]) {
    assertRefused(() => {
      record().reader.push(1, true, true, encodeCommandSet(command));
    }, 'malformed');
  }
});
