import { corruptFrame } from './codestream-error.js';

/** A marker segment of the JPEG family (ISO 10918-1 §B.1.1.4): `start` and `end` bound its parameters. */
export interface JpegSegment {
  readonly marker: number;
  /** Position of the marker itself. */
  readonly at: number;
  readonly start: number;
  readonly end: number;
}

export interface JpegComponent {
  readonly id: number;
  readonly horizontalSampling: number;
  readonly verticalSampling: number;
  readonly quantizationTable: number;
}

/** What stands in front of the first scan. */
export interface JpegHeader {
  /** Marker of the frame header: which coding process (ISO 10918-1 Table B.1). */
  readonly process: number;
  readonly precision: number;
  readonly rows: number;
  readonly columns: number;
  readonly components: readonly JpegComponent[];
  /** Everything up to the first scan header, which is the last. */
  readonly segments: readonly JpegSegment[];
}

export const jpegMarker = {
  baseline: 0xc0,
  extendedSequential: 0xc1,
  progressive: 0xc2,
  lossless: 0xc3,
  huffmanTables: 0xc4,
  jpegLs: 0xf7,
  startOfImage: 0xd8,
  endOfImage: 0xd9,
  startOfScan: 0xda,
  quantizationTables: 0xdb,
  restartInterval: 0xdd,
  app0: 0xe0,
  app14: 0xee,
} as const;

/** SOF markers: C0 to CF without DHT (C4), JPG (C8) and DAC (CC), and that of JPEG-LS. */
function isFrameHeader(marker: number): boolean {
  if (marker === jpegMarker.jpegLs) return true;
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** Reads the header of a JPEG, JPEG Lossless or JPEG-LS codestream. Throws `corrupt`. */
export function readJpegHeader(codestream: Uint8Array): JpegHeader {
  if (codestream[0] !== 0xff || codestream[1] !== jpegMarker.startOfImage) {
    throw corruptFrame('no JPEG codestream');
  }
  const segments: JpegSegment[] = [];
  let frame: Omit<JpegHeader, 'segments'> | undefined;
  for (let at = 2; ;) {
    const segment = readJpegSegment(codestream, at);
    segments.push(segment);
    if (isFrameHeader(segment.marker)) {
      if (frame !== undefined) throw corruptFrame('a second JPEG frame header');
      frame = readFrameHeader(codestream, segment);
    }
    if (segment.marker === jpegMarker.startOfScan) break;
    at = segment.end;
  }
  if (frame === undefined) throw corruptFrame('a JPEG scan without frame header');
  return { ...frame, segments };
}

/** The marker segment at `at`, fill bytes skipped. Throws `corrupt` where there is none. */
export function readJpegSegment(codestream: Uint8Array, at: number): JpegSegment {
  let position = at;
  if (codestream[position] !== 0xff) throw corruptFrame('a JPEG marker is missing');
  while (codestream[position + 1] === 0xff) position++;
  const marker = codestream[position + 1];
  const high = codestream[position + 2];
  const low = codestream[position + 3];
  if (marker === undefined || high === undefined || low === undefined) {
    throw corruptFrame('the JPEG codestream ends in a marker');
  }
  const length = high * 256 + low;
  const end = position + 2 + length;
  if (length < 2 || end > codestream.length) throw corruptFrame('a JPEG segment is cut off');
  return { marker, at: position, start: position + 4, end };
}

function readFrameHeader(
  codestream: Uint8Array,
  { marker, start, end }: JpegSegment,
): Omit<JpegHeader, 'segments'> {
  const bytes = codestream.subarray(start, end);
  const count = bytes[5] ?? 0;
  if (count === 0 || bytes.length < 6 + 3 * count) throw corruptFrame('a JPEG frame header');
  const components = Array.from({ length: count }, (_, n): JpegComponent => {
    const sampling = bytes[7 + 3 * n]!;
    return {
      id: bytes[6 + 3 * n]!,
      horizontalSampling: sampling >> 4,
      verticalSampling: sampling & 15,
      quantizationTable: bytes[8 + 3 * n]!,
    };
  });
  return {
    process: marker,
    precision: bytes[0]!,
    rows: bytes[1]! * 256 + bytes[2]!,
    columns: bytes[3]! * 256 + bytes[4]!,
    components,
  };
}
