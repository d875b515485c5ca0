import { warningHeader } from '#src/http/warning-header.js';

/** Header of a 206 that lacks instances, PS3.18 §8.5.1. */
export const partialWarning = warningHeader('Some instances cannot be given');
