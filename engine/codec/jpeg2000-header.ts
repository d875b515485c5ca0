import { corruptFrame, undecodableFrame } from './codestream-error.js';

/** What the main header of a JPEG 2000 codestream says (ISO 15444-1 §A.5, A.6). */
export interface Jpeg2000Header {
  readonly rows: number;
  readonly columns: number;
  readonly componentCount: number;
  readonly precision: number;
  readonly isSigned: boolean;
  /** Coded by the block coder of ISO 15444-15. */
  readonly isHighThroughput: boolean;
}

const marker = {
  startOfCodestream: 0xff4f,
  capabilities: 0xff50,
  imageAndTileSize: 0xff51,
  startOfTilePart: 0xff90,
  endOfCodestream: 0xffd9,
} as const;

/** MCT, MCC, MCO and CBD of ISO 15444-2 §A.3. */
const multiComponentMarkers: ReadonlySet<number> = new Set([0xff74, 0xff75, 0xff77, 0xff78]);

const componentCountMax = 4;

/** Boxes of a JP2 file (ISO 15444-1 §I): some senders encapsulate the file instead of its codestream. */
const jp2SignatureBoxLength = 12;
const codestreamBox = 0x6a703263;

/** The codestream itself, taken out of a JP2 file where it is one. Throws `corrupt`. */
export function unwrapJpeg2000(bytes: Uint8Array): Uint8Array {
  const view = viewOf(bytes);
  if (bytes.length < 12 || view.getUint32(0) !== jp2SignatureBoxLength) return bytes;
  if (view.getUint32(4) !== 0x6a502020) return bytes;
  for (let at = 0; at + 8 <= bytes.length;) {
    const declared = view.getUint32(at);
    const length = declared === 0 ? bytes.length - at : declared;
    if (length < 8 || at + length > bytes.length) throw corruptFrame('a JP2 box is cut off');
    if (view.getUint32(at + 4) === codestreamBox) return bytes.subarray(at + 8, at + length);
    at += length;
  }
  throw corruptFrame('a JP2 file without codestream');
}

/**
 * Reads the main header and follows the tile-parts to the end of the codestream. The decoders skip what is missing and say
 * nothing, so this is where a codestream that was cut off is found out. Throws `corrupt`; `not-acceptable` for components of
 * different sizes or depths, which the decoders do not survive.
 */
export function readJpeg2000Header(codestream: Uint8Array): Jpeg2000Header {
  const view = viewOf(codestream);
  if (wordAt(view, 0) !== marker.startOfCodestream) throw corruptFrame('no JPEG 2000 codestream');
  if (wordAt(view, 2) !== marker.imageAndTileSize) throw corruptFrame('no JPEG 2000 image size');
  const size = readSize(view, 4);
  let isHighThroughput = false;
  let at = 2;
  while (wordAt(view, at) !== marker.startOfTilePart) {
    if (wordAt(view, at) === marker.capabilities) isHighThroughput = true;
    if (multiComponentMarkers.has(wordAt(view, at))) {
      throw undecodableFrame('multi-component transforms of JPEG 2000 Part 2');
    }
    const length = wordAt(view, at + 2);
    if (wordAt(view, at) < 0xff00 || length < 2) throw corruptFrame('the JPEG 2000 main header');
    at += 2 + length;
  }
  checkTileParts(view, at, size.tileCount);
  const { rows, columns, componentCount, precision, isSigned } = size;
  return { rows, columns, componentCount, precision, isSigned, isHighThroughput };
}

interface ImageSize extends Omit<Jpeg2000Header, 'isHighThroughput'> {
  readonly tileCount: number;
}

function readSize(view: DataView, at: number): ImageSize {
  const componentCount = wordAt(view, at + 36);
  if (componentCount === 0 || componentCount > componentCountMax) {
    throw undecodableFrame(`${componentCount} JPEG 2000 components`);
  }
  if (wordAt(view, at) !== 38 + 3 * componentCount) throw corruptFrame('the JPEG 2000 image size');
  if (at + 38 + 3 * componentCount > view.byteLength) throw corruptFrame('JPEG 2000 is cut off');
  // Reference grid, image offset, tile size, tile offset: pairs of 32 bits, x before y (ISO 15444-1 §B.2, B.3).
  const [right, bottom, left, top, tileWidth, tileHeight, tileLeft, tileTop] = Array.from(
    { length: 8 },
    (_, n) => view.getUint32(at + 4 + 4 * n),
  ) as [number, number, number, number, number, number, number, number];
  const isSound =
    right > left && bottom > top && tileWidth > 0 && tileHeight > 0 && tileLeft <= left;
  if (!isSound || tileTop > top) throw corruptFrame('the JPEG 2000 tile grid');
  const depths = new Set<number>();
  for (let n = 0; n < componentCount; n++) {
    const component = at + 38 + 3 * n;
    depths.add(view.getUint8(component));
    if (view.getUint16(component + 1) !== 0x0101) {
      throw undecodableFrame('subsampled JPEG 2000 components');
    }
  }
  if (depths.size !== 1) throw undecodableFrame('JPEG 2000 components of different depths');
  const [depth] = depths as unknown as [number];
  const across = Math.ceil((right - tileLeft) / tileWidth);
  const down = Math.ceil((bottom - tileTop) / tileHeight);
  return {
    rows: bottom - top,
    columns: right - left,
    componentCount,
    precision: (depth & 0x7f) + 1,
    isSigned: (depth & 0x80) !== 0,
    tileCount: across * down,
  };
}

/** Every tile is there, and the parts end where the codestream does (ISO 15444-1 §A.4.2). */
function checkTileParts(view: DataView, start: number, tileCount: number): void {
  const tiles = new Set<number>();
  let at = start;
  while (at + 2 <= view.byteLength && wordAt(view, at) === marker.startOfTilePart) {
    if (at + 12 > view.byteLength) throw corruptFrame('a JPEG 2000 tile-part is cut off');
    const tile = wordAt(view, at + 4);
    const length = view.getUint32(at + 6);
    if (tile >= tileCount) throw corruptFrame('a JPEG 2000 tile that is none');
    tiles.add(tile);
    // 0: the last part, to the end of the codestream.
    if (length === 0) {
      at = endMarkerPosition(view, at + 12);
      break;
    }
    if (length < 14 || at + length > view.byteLength) {
      throw corruptFrame('a JPEG 2000 tile-part is cut off');
    }
    at += length;
  }
  if (at + 2 > view.byteLength || wordAt(view, at) !== marker.endOfCodestream) {
    throw corruptFrame('the JPEG 2000 codestream does not end');
  }
  if (tiles.size !== tileCount) throw corruptFrame('JPEG 2000 tiles are missing');
}

/** A fragment is padded to an even length: the end marker is one byte or none before the end. */
function endMarkerPosition(view: DataView, from: number): number {
  for (const at of [view.byteLength - 2, view.byteLength - 3]) {
    if (at >= from && wordAt(view, at) === marker.endOfCodestream) return at;
  }
  throw corruptFrame('the JPEG 2000 codestream does not end');
}

function wordAt(view: DataView, at: number): number {
  if (at + 2 > view.byteLength) throw corruptFrame('the JPEG 2000 codestream is cut off');
  return view.getUint16(at);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
