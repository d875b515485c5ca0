import type { ResponseSource } from './http-transport.js';

/** A source of one piece. */
export function singlePieceSource(piece: Uint8Array): ResponseSource {
  let next: Uint8Array | null = piece;
  return {
    read: () => {
      const given = next;
      next = null;
      return given;
    },
    close: () => {
      next = null;
    },
  };
}
