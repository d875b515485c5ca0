import {
  bytesPerSample,
  nativeFrameBytes,
  type ImagePixelDescription,
} from '#engine/dicom/pixel-data/image-pixel-description.js';
import { freshMemory } from '#native-bindings/wasm/wasm-codec.js';
import { corruptFrame, undecodableFrame } from './codestream-error.js';

/** RLE Lossless, PS3.5 Annex G: each byte plane of each sample is one PackBits segment, the most significant byte first. */
const headerBytes = 64;
const segmentCountMax = 15;

/**
 * A native frame, little endian, in the planar configuration of `image`. Bytes of a segment beyond its pixels are padding.
 * Throws `corrupt` when a segment is too short or lies outside `codestream`.
 */
export function decodeRle(
  codestream: Uint8Array,
  image: ImagePixelDescription,
  takeMemory = freshMemory,
): Uint8Array {
  const { samplesPerPixel, planarConfiguration } = image;
  const sampleBytes = bytesPerSample(image);
  const segments = readSegments(codestream, samplesPerPixel * sampleBytes);
  const frame = takeMemory(nativeFrameBytes(image));
  // Bits of 1-bit pixels stay packed: the one segment holds bytes of eight.
  const planeLength = image.bitsAllocated === 1 ? frame.length : image.rows * image.columns;
  const isPlanar = planarConfiguration === 1;
  segments.forEach((segment, index) => {
    const sample = Math.floor(index / sampleBytes);
    const byteOfSample = sampleBytes - 1 - (index % sampleBytes);
    const start = isPlanar ? sample * planeLength * sampleBytes : sample * sampleBytes;
    const step = isPlanar ? sampleBytes : sampleBytes * samplesPerPixel;
    unpackSegment(segment, frame, { at: start + byteOfSample, step, count: planeLength });
  });
  return frame;
}

/** The codestream of a native frame; rows are packed each by itself (§G.3.1). Throws `not-acceptable` beyond 15 segments. */
export function encodeRle(frame: Uint8Array, image: ImagePixelDescription): Uint8Array {
  const { samplesPerPixel, planarConfiguration, rows, columns } = image;
  const sampleBytes = bytesPerSample(image);
  const segmentCount = samplesPerPixel * sampleBytes;
  if (segmentCount > segmentCountMax) throw undecodableFrame(`${segmentCount} RLE segments`);
  const isPacked = image.bitsAllocated === 1;
  const rowLength = isPacked ? frame.length : columns;
  const rowCount = isPacked ? 1 : rows;
  const planeLength = rowLength * rowCount;
  const plane = new Uint8Array(planeLength);
  // A literal run of 128 bytes takes 129, and each row may end with a short one.
  const segmentBytesMax = (rowLength + Math.ceil(rowLength / 128) + 1) * rowCount + 1;
  const result = new Uint8Array(headerBytes + segmentBytesMax * segmentCount);
  const header = new DataView(result.buffer);
  header.setUint32(0, segmentCount, true);
  let end = headerBytes;
  for (let index = 0; index < segmentCount; index++) {
    const sample = Math.floor(index / sampleBytes);
    const byteOfSample = sampleBytes - 1 - (index % sampleBytes);
    const isPlanar = planarConfiguration === 1;
    const start = isPlanar ? sample * planeLength * sampleBytes : sample * sampleBytes;
    const step = isPlanar ? sampleBytes : segmentCount;
    for (let at = start + byteOfSample, n = 0; n < planeLength; n++, at += step) {
      plane[n] = frame[at]!;
    }
    header.setUint32(4 + 4 * index, end, true);
    for (let row = 0; row < rowCount; row++) {
      end = packRow(plane.subarray(row * rowLength, (row + 1) * rowLength), result, end);
    }
    // Segments have an even length (§G.3.1).
    if (end % 2 === 1) result[end++] = 0;
  }
  return result.slice(0, end);
}

function readSegments(codestream: Uint8Array, expectedCount: number): Uint8Array[] {
  if (codestream.length < headerBytes) throw corruptFrame('no RLE header');
  const header = new DataView(codestream.buffer, codestream.byteOffset, headerBytes);
  const count = header.getUint32(0, true);
  if (count !== expectedCount || count > segmentCountMax) {
    throw corruptFrame(`${count} RLE segments where the data set needs ${expectedCount}`);
  }
  const offsets = Array.from({ length: count }, (_, n) => header.getUint32(4 + 4 * n, true));
  return offsets.map((offset, n) => {
    const end = offsets[n + 1] ?? codestream.length;
    if (offset < headerBytes || end < offset || end > codestream.length) {
      throw corruptFrame('an RLE segment lies outside the frame');
    }
    return codestream.subarray(offset, end);
  });
}

/** Where the bytes of a segment go: to every `step`th byte from `at`, `count` of them. */
interface PlaneTarget {
  readonly at: number;
  readonly step: number;
  readonly count: number;
}

function unpackSegment(segment: Uint8Array, frame: Uint8Array, target: PlaneTarget): void {
  const { step } = target;
  const end = target.at + target.count * step;
  let to = target.at;
  let from = 0;
  while (to < end) {
    if (from >= segment.length) throw corruptFrame('an RLE segment is too short');
    const control = segment[from++]!;
    if (control === 128) continue;
    const length = control < 128 ? control + 1 : 257 - control;
    if (to + length * step > end) throw corruptFrame('an RLE run goes beyond its segment');
    if (control < 128) {
      if (from + length > segment.length) throw corruptFrame('an RLE segment is too short');
      for (let n = 0; n < length; n++, to += step) frame[to] = segment[from + n]!;
      from += length;
    } else {
      if (from >= segment.length) throw corruptFrame('an RLE segment is too short');
      const value = segment[from++]!;
      for (let n = 0; n < length; n++, to += step) frame[to] = value;
    }
  }
}

/** Packs one row behind `end`; returns the new end. Runs of three and more are worth their own code. */
function packRow(row: Uint8Array, result: Uint8Array, end: number): number {
  let to = end;
  let literalStart = 0;
  let at = 0;
  while (at < row.length) {
    let run = 1;
    const runMax = Math.min(128, row.length - at);
    while (run < runMax && row[at + run] === row[at]) run++;
    if (run < 3) {
      at += run;
      continue;
    }
    to = writeLiterals(row.subarray(literalStart, at), result, to);
    result[to++] = 257 - run;
    result[to++] = row[at]!;
    at += run;
    literalStart = at;
  }
  return writeLiterals(row.subarray(literalStart), result, to);
}

function writeLiterals(literals: Uint8Array, result: Uint8Array, end: number): number {
  let to = end;
  for (let at = 0; at < literals.length; at += 128) {
    const piece = literals.subarray(at, at + 128);
    result[to++] = piece.length - 1;
    result.set(piece, to);
    to += piece.length;
  }
  return to;
}
