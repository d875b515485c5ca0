import { compileCodecs, createCodecSet } from '#engine/codec/codec-set.js';
import { decodeFrame } from '#engine/codec/decode-frame.js';
import { encodeFrame } from '#engine/codec/encode-frame.js';
import { findTransferSyntax } from '#engine/dicom/dictionary/transfer-syntaxes.js';
import {
  nativeFrameBytes,
  type ImagePixelDescription,
} from '#engine/dicom/pixel-data/image-pixel-description.js';
import { makeIngestCorpus } from '../corpus/corpora.js';
import type { MicroBench } from './micro-bench.js';

const image: ImagePixelDescription = {
  rows: 512,
  columns: 512,
  samplesPerPixel: 1,
  photometricInterpretation: 'MONOCHROME2',
  planarConfiguration: 0,
  bitsAllocated: 16,
  bitsStored: 16,
  isSigned: false,
};
const frameBytes = nativeFrameBytes(image);
/** The pixels of a CT, without the header of their element. */
const frame = new Uint8Array(makeIngestCorpus('ct', 0, 1).instance(0).pixelData.slice(-frameBytes));
const codecs = createCodecSet(await compileCodecs());

const lossless = ['5', '4.80', '4.90', '4.202'].map((suffix) => `1.2.840.10008.1.2.${suffix}`);

/** What a codec thread spends on one 512 x 512 x 16 frame. Encoding includes the decoding that proves it. */
export const microBenches: readonly MicroBench[] = (
  await Promise.all(
    lossless.map(async (uid): Promise<MicroBench[]> => {
      const name = findTransferSyntax(uid)?.name ?? uid;
      const codestream = await encodeFrame(frame, { image, toUid: uid }, codecs);
      return [
        {
          name: `codec: decode ${name}`,
          bytesPerCall: frameBytes,
          run: () => decodeFrame({ codestream, transferSyntaxUid: uid, image }, codecs),
        },
        {
          name: `codec: encode ${name}`,
          bytesPerCall: frameBytes,
          run: () => encodeFrame(frame, { image, toUid: uid }, codecs),
        },
      ];
    }),
  )
).flat();
