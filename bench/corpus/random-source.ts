/**
 * A repeatable pseudo-random number in [0, 2³²) for each (seed, index) pair, without state: the same corpus comes out in
 * whatever order its instances are made.
 */
export function hashedNumber(seed: number, index: number): number {
  let x = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** A repeatable index in [0, count). */
export function hashedIndex(seed: number, index: number, count: number): number {
  return hashedNumber(seed, index) % count;
}
