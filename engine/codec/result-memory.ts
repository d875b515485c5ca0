import type { TakeMemory } from '#native-bindings/wasm/wasm-codec.js';

/** Gives `room` to the first result that it is large enough for; the others get memory of their own. */
export function resultMemory(room: ArrayBuffer | undefined): TakeMemory {
  let free = room;
  return (length) => {
    if (free === undefined || length > free.byteLength) return new Uint8Array(length);
    const taken = new Uint8Array(free, 0, length);
    free = undefined;
    return taken;
  };
}
