import { jpegMarker, type JpegHeader, type JpegSegment } from './jpeg-header.js';

/**
 * Whether the three components of a DCT codestream are YCbCr. What the codestream says of itself goes first, because encoders
 * obey it: component identifiers R, G, B, then the Adobe marker, then JFIF. One that says nothing holds what the data set says.
 */
export function isYCbCr(
  codestream: Uint8Array,
  { segments, components }: JpegHeader,
  photometricInterpretation: string,
): boolean {
  if (String.fromCharCode(...components.map(({ id }) => id)) === 'RGB') return false;
  const adobe = segments.find((segment) => isAdobe(codestream, segment));
  if (adobe !== undefined) return codestream[adobe.start + 11] !== 0;
  if (segments.some((segment) => isJfif(codestream, segment))) return true;
  return photometricInterpretation !== 'RGB';
}

/**
 * The same codestream with one Adobe marker (transform 0: none, 1: YCbCr) in the place of what it said of its colours: decoders
 * go by markers alone.
 */
export function withColourMarker(
  codestream: Uint8Array,
  { segments }: JpegHeader,
  isYcc: boolean,
): Uint8Array {
  const kept = segments
    .filter((segment) => !isAdobe(codestream, segment) && !isJfif(codestream, segment))
    .map(({ at, end }) => codestream.subarray(at, end));
  const adobe = Buffer.from([0xff, jpegMarker.app14, 0, 14, ...Buffer.from('Adobe'), 0, 100]);
  const flagsAndTransform = Buffer.from([0, 0, 0, 0, isYcc ? 1 : 0]);
  const scans = codestream.subarray(segments.at(-1)?.end);
  const start = Buffer.from([0xff, jpegMarker.startOfImage]);
  return Buffer.concat([start, adobe, flagsAndTransform, ...kept, scans]);
}

function isAdobe(codestream: Uint8Array, segment: JpegSegment): boolean {
  const { marker, start, end } = segment;
  return marker === jpegMarker.app14 && end - start >= 12 && startsWith(codestream, start, 'Adobe');
}

function isJfif(codestream: Uint8Array, { marker, start }: JpegSegment): boolean {
  return marker === jpegMarker.app0 && startsWith(codestream, start, 'JFIF\0');
}

function startsWith(codestream: Uint8Array, at: number, text: string): boolean {
  return Buffer.from(codestream.buffer, codestream.byteOffset + at, text.length).equals(
    Buffer.from(text, 'latin1'),
  );
}

/** RGB of YCbCr, pixel by pixel, in place (ISO 10918-5 §7). */
export function toRgb(samples: Uint16Array, precision: number): void {
  const middle = 2 ** (precision - 1);
  const largest = 2 ** precision - 1;
  const fit = (value: number): number => Math.max(0, Math.min(largest, Math.round(value)));
  for (let at = 0; at + 2 < samples.length; at += 3) {
    const y = samples[at]!;
    const blue = samples[at + 1]! - middle;
    const red = samples[at + 2]! - middle;
    samples[at] = fit(y + 1.402 * red);
    samples[at + 1] = fit(y - 0.344136286 * blue - 0.714136286 * red);
    samples[at + 2] = fit(y + 1.772 * blue);
  }
}
