import type { JsonDataSet, JsonValue } from '#engine/dicom/json-model/json-model-types.js';

/** What the bytes of an image or video say of themselves. */
export interface MediaDescription {
  readonly transferSyntaxUid: string;
  /** The Image Pixel Description (PS3.18 §10.5.2, PS3.3 §C.7.6.3): whatever the sender says, this is how it is. */
  readonly pixel: JsonDataSet;
  /** What is said where the sender said nothing. */
  readonly defaults: JsonDataSet;
  /** Where the codestream lies in the part. */
  readonly position: number;
  readonly length: number;
}

export interface PixelValues {
  readonly rows: number;
  readonly columns: number;
  readonly samplesPerPixel: number;
  readonly photometricInterpretation: string;
  readonly bitsStored: number;
  readonly isSigned: boolean;
}

/** The attributes of the Image Pixel Description macro. */
export function pixelAttributes(values: PixelValues): JsonDataSet {
  const { bitsStored, samplesPerPixel } = values;
  return {
    '00280002': us(samplesPerPixel),
    '00280004': { vr: 'CS', Value: [values.photometricInterpretation] },
    ...(samplesPerPixel > 1 ? { '00280006': us(0) } : {}),
    '00280010': us(values.rows),
    '00280011': us(values.columns),
    '00280100': us(bitsStored <= 8 ? 8 : 16),
    '00280101': us(bitsStored),
    '00280102': us(bitsStored - 1),
    '00280103': us(values.isSigned ? 1 : 0),
  };
}

/** Lossy Image Compression with its method and ratio, PS3.3 §C.7.6.1.1.5. */
export function lossyAttributes(method: string, ratio?: number): JsonDataSet {
  const hasRatio = ratio !== undefined && Number.isFinite(ratio);
  return {
    '00282110': { vr: 'CS', Value: ['01'] },
    ...(hasRatio ? { '00282112': { vr: 'DS', Value: [Number(ratio.toFixed(2))] } } : {}),
    '00282114': { vr: 'CS', Value: [method] },
  };
}

/** Bytes of the image without compression, over those of its codestream. */
export function compressionRatio(values: PixelValues, length: number): number {
  const { rows, columns, samplesPerPixel, bitsStored } = values;
  return (rows * columns * samplesPerPixel * (bitsStored <= 8 ? 1 : 2)) / length;
}

function us(value: JsonValue): JsonDataSet[string] {
  return { vr: 'US', Value: [value] };
}
