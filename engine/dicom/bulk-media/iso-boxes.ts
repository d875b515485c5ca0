import { malformedMedia, readMedia, type MediaSource } from './media-source.js';

/** A box of the ISO base media file format (ISO 14496-12 §4.2), of which JP2 files are made too: its content. */
export interface IsoBox {
  readonly type: string;
  readonly position: number;
  readonly length: number;
}

const boxCountMax = 10_000;
const largeHeadBytes = 16;

/** The boxes that lie one after another from `start` up to `end`. Throws `malformed` when they do not fit. */
export async function boxesOf(source: MediaSource, start: number, end: number): Promise<IsoBox[]> {
  const boxes: IsoBox[] = [];
  for (let at = start; at + 8 <= end;) {
    if (boxes.length === boxCountMax) throw malformedMedia('has too many boxes');
    const head = await readMedia(source, at, 8);
    const declared = head.readUInt32BE(0);
    let headBytes = 8;
    let bytes = declared === 0 ? end - at : declared;
    if (declared === 1) {
      headBytes = largeHeadBytes;
      bytes = Number((await readMedia(source, at + 8, 8)).readBigUInt64BE(0));
    }
    if (bytes < headBytes || at + bytes > end) throw malformedMedia('has a box that is cut off');
    const type = head.toString('latin1', 4, 8);
    boxes.push({ type, position: at + headBytes, length: bytes - headBytes });
    at += bytes;
  }
  return boxes;
}

/** The first box at the end of a path of types, from among `boxes` down. */
export async function findBox(
  source: MediaSource,
  boxes: readonly IsoBox[],
  [type, ...rest]: readonly string[],
): Promise<IsoBox | undefined> {
  const found = boxes.find((box) => box.type === type);
  if (found === undefined || rest.length === 0) return found;
  const inner = await boxesOf(source, found.position, found.position + found.length);
  return findBox(source, inner, rest);
}
