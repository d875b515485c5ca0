/** Maps items one after another, with the next `aheadMax` started while one is being sent. */
export function* startedAhead<T, R>(
  items: Iterable<T>,
  map: (item: T) => Promise<R>,
  aheadMax: number,
): Generator<Promise<R>> {
  const ahead: Promise<R>[] = [];
  for (const item of items) {
    const promise = map(item);
    // Who takes it from the queue sees its failure; when the client has gone, nobody does.
    promise.catch(() => undefined);
    ahead.push(promise);
    if (ahead.length > aheadMax) yield ahead.shift()!;
  }
  yield* ahead;
}
