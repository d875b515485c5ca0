/** Crashes the task on a programmer's error; never used on anything a peer sent. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}
