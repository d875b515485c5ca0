import {
  compileWasmCodec,
  copyOut,
  decodeUnsigned,
  freshMemory,
  WasmCodec,
  WasmCodecError,
  type CompiledWasm,
  type DecodedSamples,
  type EmscriptenModule,
  type FrameInfo,
  type UnsignedDecoder,
} from '../wasm/wasm-codec.js';

const packageName = '@cornerstonejs/codec-libjpeg-turbo-8bit';

interface LibjpegTurboModule extends EmscriptenModule {
  readonly JPEGDecoder: new () => UnsignedDecoder;
  readonly JPEGEncoder: new () => NativeEncoder;
}

interface NativeEncoder {
  getDecodedBuffer(frame: FrameInfo): Uint8Array;
  getEncodedBuffer(): Uint8Array;
  setProgressive(isProgressive: boolean): void;
  setQuality(quality: number): void;
  setSubSampling(subsampling: number): void;
  encode(): void;
  delete(): void;
}

/** Chroma at half the resolution across (TJSAMP_422). */
const subsampling422 = 1;

export function compileLibjpegTurbo(): Promise<CompiledWasm> {
  return compileWasmCodec(packageName);
}

/** JPEG with DCT and 8 bits a sample, sequential and progressive (ISO 10918-1), by libjpeg-turbo. It throws on anything wrong. */
export class LibjpegTurboCodec {
  readonly #codec: WasmCodec<LibjpegTurboModule>;

  constructor(compiled: CompiledWasm) {
    this.#codec = new WasmCodec(packageName, compiled);
  }

  /** Makes the instance ahead of the first task. */
  async warmUp(): Promise<void> {
    await this.#codec.warmUp();
  }

  /**
   * Grey of one component; RGB of three, converted from YCbCr when the markers (JFIF, Adobe), or by default the number of
   * components, say that this is what the codestream holds. Throws `WasmCodecError`.
   */
  decode(codestream: Uint8Array, takeMemory = freshMemory): Promise<DecodedSamples> {
    return this.#codec.run(({ JPEGDecoder }) => {
      const decoder = new JPEGDecoder();
      try {
        return decodeUnsigned(decoder, codestream, takeMemory);
      } finally {
        decoder.delete();
      }
    });
  }

  /**
   * Sequential JPEG of grey, or of RGB as YCbCr 4:2:2. `samples` are unsigned, of 8 bits; `quality` is from 1 to 100. Throws
   * `WasmCodecError`, also when the result would be longer than the samples: the encoder has no more room and writes beyond it.
   */
  encode(frame: DecodedSamples, quality: number): Promise<Uint8Array> {
    return this.#codec.run(({ JPEGEncoder }) => {
      const { width, height, componentCount, bitsPerSample, isSigned, samples } = frame;
      const encoder = new JPEGEncoder();
      try {
        const info = { width, height, componentCount, bitsPerSample, isSigned };
        encoder.getDecodedBuffer(info).set(samples);
        encoder.setQuality(quality);
        encoder.setProgressive(false);
        encoder.setSubSampling(subsampling422);
        encoder.encode();
        const codestream = copyOut(encoder.getEncodedBuffer());
        if (codestream.length > samples.length) throw new WasmCodecError('the heap was overrun');
        return codestream;
      } finally {
        encoder.delete();
      }
    });
  }
}
