import { swapWords } from '#engine/dicom/encoding/swap-words.js';
import { readRange, type RangeSource } from './range-source.js';

/** A stretch of a rewritten data set: new bytes, or a value that stays where it is in the source. */
export interface Piece {
  readonly start: number;
  readonly length: number;
  readonly bytes?: Uint8Array;
  readonly sourcePosition: number;
  /** Bytes of the words that are turned round: 1 for none. */
  readonly wordBytes: number;
}

/** Pieces one after another. */
export class PieceSource implements RangeSource {
  readonly length: number;
  readonly #source: RangeSource;
  readonly #pieces: readonly Piece[];

  constructor(source: RangeSource, pieces: readonly Piece[]) {
    this.#source = source;
    this.#pieces = pieces;
    const last = pieces.at(-1);
    this.length = last === undefined ? 0 : last.start + last.length;
  }

  async read(position: number, lengthMax: number): Promise<Uint8Array> {
    const piece = this.#pieceAt(position);
    if (piece === undefined) return new Uint8Array(0);
    const at = position - piece.start;
    const length = Math.min(lengthMax, piece.length - at);
    if (piece.bytes !== undefined) return piece.bytes.subarray(at, at + length);
    if (piece.wordBytes > 1) return this.#readSwapped(piece, at, length);
    return this.#source.read(piece.sourcePosition + at, length);
  }

  /** Words are read whole, also where only part of one is asked for. */
  async #readSwapped(piece: Piece, at: number, length: number): Promise<Uint8Array> {
    const { wordBytes, sourcePosition } = piece;
    const lead = at % wordBytes;
    const wordsEnd = Math.ceil((at + length) / wordBytes) * wordBytes;
    const end = Math.min(wordsEnd, piece.length);
    const words = await readRange(this.#source, sourcePosition + at - lead, end - at + lead);
    swapWords(words, wordBytes);
    return words.subarray(lead, lead + length);
  }

  /** The piece that holds `position`, by bisection. */
  #pieceAt(position: number): Piece | undefined {
    let low = 0;
    let high = this.#pieces.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#pieces[middle]?.start ?? 0) <= position) low = middle;
      else high = middle - 1;
    }
    const piece = this.#pieces[low];
    return piece !== undefined && position < piece.start + piece.length ? piece : undefined;
  }
}
