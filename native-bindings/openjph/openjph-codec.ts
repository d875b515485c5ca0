import {
  compileWasmCodec,
  copyOut,
  WasmCodec,
  WasmCodecError,
  type CompiledWasm,
  type DecodedSamples,
  type EmscriptenModule,
  type FrameInfo,
} from '../wasm/wasm-codec.js';

const packageName = '@cornerstonejs/codec-openjph';

interface OpenjphModule extends EmscriptenModule {
  readonly HTJ2KDecoder: new () => NativeDecoder;
  readonly HTJ2KEncoder: new () => NativeEncoder;
}

interface NativeDecoder {
  getEncodedBuffer(length: number): Uint8Array;
  getDecodedBuffer(): Uint8Array;
  getFrameInfo(): FrameInfo;
  getLastErrorMessage(): string;
  decode(): void;
  delete(): void;
}

interface NativeEncoder {
  getDecodedBuffer(frame: FrameInfo & { readonly isUsingColorTransform: boolean }): Uint8Array;
  getEncodedBuffer(): Uint8Array;
  setQuality(isLossless: boolean, quality: number): void;
  setProgressionOrder(order: number): void;
  setTLMMarker(isWritten: boolean): void;
  setTilePartDivisionsAtResolutions(isDivided: boolean): void;
  encode(): void;
  delete(): void;
}

/** Resolution, position, component, layer: low resolutions first (ISO 15444-1 Table A.16). */
const rpclOrder = 2;

export function compileOpenjph(): Promise<CompiledWasm> {
  return compileWasmCodec(packageName);
}

/** High-Throughput JPEG 2000 (ISO 15444-15) by OpenJPH. Colour of more than 8 bits comes out wrong: not to be given to it. */
export class OpenjphCodec {
  readonly #codec: WasmCodec<OpenjphModule>;

  constructor(compiled: CompiledWasm) {
    this.#codec = new WasmCodec(packageName, compiled);
  }

  /** Colour transforms of the codestream are undone. Throws `WasmCodecError`. */
  decode(codestream: Uint8Array): Promise<DecodedSamples> {
    return this.#codec.run(({ HTJ2KDecoder }) => {
      const decoder = new HTJ2KDecoder();
      try {
        decoder.getEncodedBuffer(codestream.length).set(codestream);
        decoder.decode();
        const complaint = decoder.getLastErrorMessage();
        if (complaint !== '') throw new WasmCodecError(complaint);
        const { width, height, componentCount, bitsPerSample, isSigned } = decoder.getFrameInfo();
        const samples = copyOut(decoder.getDecodedBuffer());
        return { width, height, componentCount, bitsPerSample, isSigned, samples };
      } finally {
        decoder.delete();
      }
    });
  }

  /**
   * Reversible codestream in RPCL order with tile-part lengths in front, one tile-part a resolution, as PS3.5 §10.18 asks of
   * the RPCL syntax: a client that has its beginning can show a smaller image. Throws `WasmCodecError`.
   */
  encodeLossless(frame: DecodedSamples, hasColourTransform: boolean): Promise<Uint8Array> {
    return this.#codec.run(({ HTJ2KEncoder }) => {
      const { width, height, componentCount, bitsPerSample, isSigned, samples } = frame;
      const info = { width, height, componentCount, bitsPerSample, isSigned };
      const encoder = new HTJ2KEncoder();
      try {
        encoder
          .getDecodedBuffer({ ...info, isUsingColorTransform: hasColourTransform })
          .set(samples);
        encoder.setQuality(true, 0);
        encoder.setProgressionOrder(rpclOrder);
        encoder.setTLMMarker(true);
        encoder.setTilePartDivisionsAtResolutions(true);
        encoder.encode();
        return copyOut(encoder.getEncodedBuffer());
      } finally {
        encoder.delete();
      }
    });
  }
}
