import { encodeFrame } from '#engine/codec/encode-frame.js';
import { buildPart10, sampleIdentifiers, type Elements } from './dicom-builder.js';
import { frameOf, imageOf, testCodecs } from './image-frames.js';

/** A built instance, and what a test wants to know of it. */
export interface RetrieveFixture {
  readonly part10: Buffer;
  readonly study: string;
  readonly series: string;
  readonly instance: string;
  /** Frames as native pixels, little endian. */
  readonly native: readonly Buffer[];
  /** Frames as they are stored. */
  readonly stored: readonly Buffer[];
  /** Path below the root of the service. */
  readonly path: string;
}

export interface FixtureOptions {
  /** Digits and dots; instances of one seed belong to one series. */
  readonly seed: string;
  readonly number?: number;
  readonly transferSyntaxUid?: string;
  readonly frameCount?: number;
  readonly elements?: Elements;
  /** Rows and columns; default 24. */
  readonly size?: number;
}

export const syntaxes = {
  implicitVr: '1.2.840.10008.1.2',
  explicitVr: '1.2.840.10008.1.2.1',
  bigEndian: '1.2.840.10008.1.2.2',
  rle: '1.2.840.10008.1.2.5',
  jpegLs: '1.2.840.10008.1.2.4.80',
  jpeg2000: '1.2.840.10008.1.2.4.90',
  jpeg2000Lossy: '1.2.840.10008.1.2.4.91',
  htj2k: '1.2.840.10008.1.2.4.201',
  unknown: '1.2.826.0.1.3680043.9.9999.1',
} as const;

const nativeSyntaxes: ReadonlySet<string> = new Set([
  syntaxes.implicitVr,
  syntaxes.explicitVr,
  syntaxes.bigEndian,
]);

/** An image of 16-bit grey pixels, encoded by our own codecs where its transfer syntax has one. */
export async function buildRetrieveFixture(options: FixtureOptions): Promise<RetrieveFixture> {
  const { seed, number = 1, frameCount = 1, size = 24 } = options;
  const transferSyntaxUid = options.transferSyntaxUid ?? syntaxes.explicitVr;
  const [study, series, instance] = [
    `1.2.826.0.1.${seed}.1`,
    `1.2.826.0.1.${seed}.2`,
    `1.2.826.0.1.${seed}.3.${number}`,
  ] as const;
  const image = imageOf({ rows: size, columns: size, bitsStored: 12 });
  const native = Array.from({ length: frameCount }, (_, index) =>
    Buffer.from(frameOf(image, number * 100 + index)),
  );
  const stored = await storedFrames(transferSyntaxUid, native, image);
  const isNative = nativeSyntaxes.has(transferSyntaxUid);
  const part10 = buildPart10({
    transferSyntaxUid,
    elements: {
      ...sampleIdentifiers({ study, series, instance }),
      PatientID: `P${seed}`,
      PatientName: 'Retrieve^Test',
      Modality: 'CT',
      SeriesNumber: 1,
      InstanceNumber: number,
      Rows: size,
      Columns: size,
      SamplesPerPixel: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      BitsAllocated: 16,
      BitsStored: 12,
      HighBit: 11,
      PixelRepresentation: 0,
      ...(frameCount > 1 ? { NumberOfFrames: frameCount } : {}),
      ...options.elements,
    },
    pixelData: isNative ? Buffer.concat(stored) : { frames: stored },
  });
  const path = `studies/${study}/series/${series}/instances/${instance}`;
  return { part10: Buffer.from(part10), study, series, instance, native, stored, path };
}

async function storedFrames(
  transferSyntaxUid: string,
  native: readonly Buffer[],
  image: ReturnType<typeof imageOf>,
): Promise<Buffer[]> {
  if (transferSyntaxUid === syntaxes.bigEndian) {
    return native.map((frame) => Buffer.from(frame).swap16());
  }
  if (nativeSyntaxes.has(transferSyntaxUid)) return [...native];
  // What our codecs do not write is stored as it would be by others: JPEG 2000 under the other name, or any bytes.
  const toUid =
    transferSyntaxUid === syntaxes.jpeg2000Lossy ? syntaxes.jpeg2000 : transferSyntaxUid;
  if (toUid === syntaxes.unknown) return native.map((frame) => Buffer.from(frame).reverse());
  const codecs = await testCodecs();
  return Promise.all(
    native.map(async (frame) => {
      const encoded = Buffer.from(await encodeFrame(frame, { image, toUid }, codecs));
      // Fragments have an even length, PS3.5 §A.4.
      return encoded.length % 2 === 0 ? encoded : Buffer.concat([encoded, Buffer.alloc(1)]);
    }),
  );
}
