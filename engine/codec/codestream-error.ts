import { GantryError } from '#engine/base/error-catalogue.js';

/** The error for a codestream that is not what its format, or its data set, says. */
export function corruptFrame(detail: string, cause?: unknown): GantryError {
  return new GantryError('corrupt', `frame: ${detail}`, { cause });
}

/** The error for a codestream that is sound but of a kind that nothing here decodes. */
export function undecodableFrame(detail: string): GantryError {
  return new GantryError('not-acceptable', `the frame cannot be decoded: ${detail}`);
}
