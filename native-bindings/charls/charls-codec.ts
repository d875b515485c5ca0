import {
  compileWasmCodec,
  copyOut,
  decodeUnsigned,
  freshMemory,
  WasmCodec,
  type CompiledWasm,
  type DecodedSamples,
  type EmscriptenModule,
  type FrameInfo,
  type UnsignedDecoder,
} from '../wasm/wasm-codec.js';

const packageName = '@cornerstonejs/codec-charls';

/** JPEG-LS knows no signs. */
type NativeFrameInfo = Omit<FrameInfo, 'isSigned'>;

interface CharlsModule extends EmscriptenModule {
  readonly JpegLSDecoder: new () => NativeDecoder;
  readonly JpegLSEncoder: new () => NativeEncoder;
}

interface NativeDecoder extends UnsignedDecoder {
  getInterleaveMode(): number;
}

interface NativeEncoder {
  getDecodedBuffer(frame: NativeFrameInfo): Uint8Array;
  getEncodedBuffer(): Uint8Array;
  setNearLossless(deviation: number): void;
  setInterleaveMode(mode: number): void;
  encode(): void;
  delete(): void;
}

/** ISO 14495-1 §C.2.3: components one after another, or pixel by pixel. */
const interleaveNone = 0;
const interleaveSample = 2;

export function compileCharls(): Promise<CompiledWasm> {
  return compileWasmCodec(packageName);
}

/** JPEG-LS (ISO 14495-1) by CharLS. It throws on anything wrong. */
export class CharlsCodec {
  readonly #codec: WasmCodec<CharlsModule>;

  constructor(compiled: CompiledWasm) {
    this.#codec = new WasmCodec(packageName, compiled);
  }

  /** Makes the instance ahead of the first task. */
  async warmUp(): Promise<void> {
    await this.#codec.warmUp();
  }

  /** `isPlanar`: the components lie one after another. Samples are unsigned. Throws `WasmCodecError`. */
  decode(
    codestream: Uint8Array,
    takeMemory = freshMemory,
  ): Promise<DecodedSamples & { readonly isPlanar: boolean }> {
    return this.#codec.run(({ JpegLSDecoder }) => {
      const decoder = new JpegLSDecoder();
      try {
        const decoded = decodeUnsigned(decoder, codestream, takeMemory);
        const isInterleaved = decoder.getInterleaveMode() !== interleaveNone;
        return { ...decoded, isPlanar: decoded.componentCount > 1 && !isInterleaved };
      } finally {
        decoder.delete();
      }
    });
  }

  /** Samples must have no bit set beyond `bitsPerSample`. Throws `WasmCodecError`. */
  encodeLossless(frame: DecodedSamples): Promise<Uint8Array> {
    return this.#codec.run(({ JpegLSEncoder }) => {
      const { width, height, componentCount, bitsPerSample, samples } = frame;
      const encoder = new JpegLSEncoder();
      try {
        encoder.getDecodedBuffer({ width, height, componentCount, bitsPerSample }).set(samples);
        encoder.setNearLossless(0);
        encoder.setInterleaveMode(componentCount > 1 ? interleaveSample : interleaveNone);
        encoder.encode();
        return copyOut(encoder.getEncodedBuffer());
      } finally {
        encoder.delete();
      }
    });
  }
}
