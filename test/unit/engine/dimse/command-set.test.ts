import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { GantryError } from '#engine/base/error-catalogue.js';
import { decodeCommandSet, encodeCommandSet } from '#engine/dimse/command-set.js';

const malformed = (error: unknown): boolean =>
  error instanceof GantryError && error.code === 'malformed';

test('PS3.7 §6.3.1: a C-ECHO-RQ, byte for byte', () => {
  const bytes = encodeCommandSet({
    affectedSopClassUid: '1.2.840.10008.1.1',
    commandField: 0x0030,
    messageId: 1,
    commandDataSetType: 0x0101,
  });
  assert.equal(
    bytes.toString('hex'),
    '000000000400000038000000' +
      '0000020012000000312e322e3834302e31303030382e312e3100' +
      '00000001020000003000' +
      '00001001020000000100' +
      '00000008020000000101',
  );
});

test('PS3.7 Annex E: every element reads back as it was written', () => {
  const uint16 = fc.integer({ min: 0, max: 0xffff });
  const uid = fc.stringMatching(/^1(\.[1-9][0-9]{0,4}){1,6}$/);
  const commandSet = fc.record(
    {
      affectedSopClassUid: uid,
      requestedSopClassUid: uid,
      commandField: uint16,
      messageId: uint16,
      messageIdBeingRespondedTo: uint16,
      moveDestination: fc.stringMatching(/^[A-Z]{1,16}$/),
      priority: uint16,
      commandDataSetType: uint16,
      status: uint16,
      offendingElement: fc.array(fc.integer({ min: 0, max: 0xffff_ffff }), { minLength: 1 }),
      errorComment: fc.stringMatching(/^[a-z]{1,64}$/),
      affectedSopInstanceUid: uid,
      numberOfRemainingSuboperations: uint16,
      moveOriginatorMessageId: uint16,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(commandSet, (command) => {
      assert.deepEqual(decodeCommandSet(encodeCommandSet(command)), { ...command });
    }),
  );
});

test('PS3.7 §6.3: elements that no message of today has are ignored, empty ones are absent', () => {
  const retired = Buffer.from('0000010004000000' + '41424344' + '0000000900000000', 'hex');
  assert.deepEqual(decodeCommandSet(retired), {});
});

test('what is not a command set is malformed', () => {
  for (const hex of [
    '00000001', // header cut short
    '0000000104000000' + '0100', // value cut short
    '00000001ffffffff', // 4 GB
    '0000000104000000' + '01000000', // US of four bytes
    '0000010902000000' + '0100', // AT of two bytes
    '0800050002000000' + '4142', // group 0008
  ]) {
    assert.throws(() => decodeCommandSet(Buffer.from(hex, 'hex')), malformed, hex);
  }
});

test('random bytes give a command set or a catalogue error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      try {
        decodeCommandSet(Buffer.from(bytes));
      } catch (error) {
        assert.ok(malformed(error));
      }
    }),
  );
});

test('PS3.5 §6.2: an AE title is read without its padding, also where that is NUL', () => {
  const command = { commandField: 0x0021, moveDestination: 'DEST1' };
  const padded = encodeCommandSet(command);
  assert.equal(decodeCommandSet(padded).moveDestination, 'DEST1');
  const odd = Buffer.from(padded.toString('latin1').replace('DEST1 ', 'DEST1\0'), 'latin1');
  assert.equal(decodeCommandSet(odd).moveDestination, 'DEST1');
});
