import type { z } from 'zod';
import { GantryError } from '#engine/base/error-catalogue.js';

/** What a client sent, as `schema` reads it. Throws `bad-request` that names each field at fault. */
export function parseCandidate<Value>(schema: z.ZodType<Value>, candidate: unknown): Value {
  const parsed = schema.safeParse(candidate);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new GantryError('bad-request', faults.join('; '));
}
