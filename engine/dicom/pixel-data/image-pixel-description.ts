import { GantryError } from '#engine/base/error-catalogue.js';
import { topLevelHead } from '../json-model/top-level-head.js';

/** The Image Pixel module as coding and decoding frames needs it, PS3.3 §C.7.6.3. */
export interface ImagePixelDescription {
  readonly rows: number;
  readonly columns: number;
  readonly samplesPerPixel: number;
  readonly photometricInterpretation: string;
  /** 1: the samples of a frame lie plane by plane. */
  readonly planarConfiguration: 0 | 1;
  readonly bitsAllocated: 1 | 8 | 16 | 32;
  readonly bitsStored: number;
  /** Pixel Representation is 1: two's complement. */
  readonly isSigned: boolean;
}

const lastTag = '00280103';

/**
 * Reads the description from a metadata document (PS3.18 §F.2). Only values of the right VR count, and only combinations that
 * PS3.5 §8.1.1 knows: their product is what memory is taken for. Throws `not-acceptable` naming the attribute at fault.
 */
export function readImagePixelDescription(json: Uint8Array): ImagePixelDescription {
  const attributes = parseHead(json);
  const number = (tag: string, keyword: string, absent?: number): number => {
    const attribute = attributes[tag];
    const value = attribute?.Value?.[0] ?? absent;
    const isUnsignedShort = attribute === undefined || attribute.vr === 'US';
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && isUnsignedShort) {
      return value;
    }
    throw unusable(`${keyword} is missing or invalid`);
  };
  const rows = number('00280010', 'Rows');
  const columns = number('00280011', 'Columns');
  if (rows === 0 || columns === 0) throw unusable('Rows or Columns is 0');
  const samplesPerPixel = number('00280002', 'SamplesPerPixel', 1);
  if (samplesPerPixel !== 1 && samplesPerPixel !== 3) {
    throw unusable(`SamplesPerPixel ${samplesPerPixel} is not supported`);
  }
  const bitsAllocated = number('00280100', 'BitsAllocated');
  if (!isBitsAllocated(bitsAllocated)) {
    throw unusable(`BitsAllocated ${bitsAllocated} is not supported`);
  }
  const bitsStored = number('00280101', 'BitsStored');
  if (bitsStored < 1 || bitsStored > bitsAllocated) throw unusable('BitsStored is out of bounds');
  if (number('00280102', 'HighBit', bitsStored - 1) !== bitsStored - 1) {
    throw unusable('HighBit is not BitsStored - 1');
  }
  const photometric = attributes['00280004']?.Value?.[0];
  return {
    rows,
    columns,
    samplesPerPixel,
    photometricInterpretation: typeof photometric === 'string' ? photometric.trim() : '',
    planarConfiguration: number('00280006', 'PlanarConfiguration', 0) === 1 ? 1 : 0,
    bitsAllocated,
    bitsStored,
    isSigned: number('00280103', 'PixelRepresentation', 0) === 1,
  };
}

/** Bytes of one sample as it lies in a frame; 1-bit samples are packed, 8 of them count as one byte (PS3.5 §8.1.1). */
export function bytesPerSample({ bitsAllocated }: ImagePixelDescription): number {
  return Math.max(1, bitsAllocated / 8);
}

export function samplesPerFrame(image: ImagePixelDescription): number {
  return image.rows * image.columns * image.samplesPerPixel;
}

/** Bytes of one native frame. At most 65,535² × 3 × 4: an exact number. */
export function nativeFrameBytes(image: ImagePixelDescription): number {
  const samples = samplesPerFrame(image);
  return image.bitsAllocated === 1 ? Math.ceil(samples / 8) : samples * bytesPerSample(image);
}

function isBitsAllocated(value: number): value is ImagePixelDescription['bitsAllocated'] {
  return value === 1 || value === 8 || value === 16 || value === 32;
}

type Head = Readonly<Record<string, { readonly vr?: string; readonly Value?: readonly unknown[] }>>;

function parseHead(json: Uint8Array): Head {
  try {
    return JSON.parse(topLevelHead(json, lastTag)) as Head;
  } catch (cause) {
    throw new GantryError('corrupt', 'the metadata is not JSON', { cause });
  }
}

function unusable(detail: string): GantryError {
  return new GantryError('not-acceptable', `the frames cannot be transcoded: ${detail}`);
}
