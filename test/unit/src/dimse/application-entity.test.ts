import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAcceptancePolicy } from '#src/dimse/application-entity.js';
import { defaultDimseServiceOptions } from '#src/dimse/dimse-service.js';

test('by default any AE may call, by any name', () => {
  const policy = createAcceptancePolicy(defaultDimseServiceOptions, () => 'available');
  assert.ok(policy.isCalledAeTitleAccepted('WHATEVER'));
  assert.ok(policy.isCallingAeTitleAccepted('ANYBODY'));
});

test('called and calling AE titles can be made strict; case and blanks inside count', () => {
  const policy = createAcceptancePolicy(
    { ...defaultDimseServiceOptions, checkCalledAe: true, acceptedCallingAes: ['CT 1'] },
    () => 'available',
  );
  assert.ok(policy.isCalledAeTitleAccepted('GANTRY'));
  assert.ok(!policy.isCalledAeTitleAccepted('gantry'));
  assert.ok(policy.isCallingAeTitleAccepted('CT 1'));
  assert.ok(!policy.isCallingAeTitleAccepted('CT1'));
});

test('PS3.4 Annex A and B: verification and storage, and the private classes of the site', () => {
  const policy = createAcceptancePolicy(
    { ...defaultDimseServiceOptions, additionalSopClasses: ['1.3.46.670589.11.0.0.12.1'] },
    () => 'available',
  );
  assert.ok(policy.isAbstractSyntaxAccepted('1.2.840.10008.1.1'));
  assert.ok(policy.isAbstractSyntaxAccepted('1.2.840.10008.5.1.4.1.1.2'));
  assert.ok(policy.isAbstractSyntaxAccepted('1.3.46.670589.11.0.0.12.1'));
  assert.ok(!policy.isAbstractSyntaxAccepted('1.3.46.670589.11.0.0.12.2'));
  assert.ok(policy.isScpRoleAccepted('1.2.840.10008.5.1.4.1.1.2'));
});
