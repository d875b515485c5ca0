/** Header of a 206 that lacks instances, PS3.18 §8.5.1. */
export const partialWarning = ['warning', '299 gantry: Some instances cannot be given'] as const;
