import {
  compileWasmCodec,
  copyOut,
  WasmCodec,
  type CompiledWasm,
  type DecodedSamples,
  type EmscriptenModule,
  type FrameInfo,
} from '../wasm/wasm-codec.js';

const packageName = '@cornerstonejs/codec-openjpeg';

interface OpenjpegModule extends EmscriptenModule {
  readonly J2KDecoder: new () => NativeDecoder;
  readonly J2KEncoder: new () => NativeEncoder;
}

interface NativeDecoder {
  getEncodedBuffer(length: number): Uint8Array;
  getDecodedBuffer(): Uint8Array;
  getFrameInfo(): FrameInfo;
  decode(): void;
  delete(): void;
}

interface NativeEncoder {
  getDecodedBuffer(frame: FrameInfo & { readonly isUsingColorTransform: boolean }): Uint8Array;
  getEncodedBuffer(): Uint8Array;
  setDecompositions(count: number): void;
  setQuality(isLossless: boolean, quality: number): void;
  encode(): void;
  delete(): void;
}

export function compileOpenjpeg(): Promise<CompiledWasm> {
  return compileWasmCodec(packageName);
}

/** JPEG 2000 (ISO 15444-1) by OpenJPEG. Codestreams are checked before they come here: it reads beyond short ones. */
export class OpenjpegCodec {
  readonly #codec: WasmCodec<OpenjpegModule>;

  constructor(compiled: CompiledWasm) {
    this.#codec = new WasmCodec(packageName, compiled);
  }

  /** Colour transforms of the codestream are undone. Throws `WasmCodecError`. */
  decode(codestream: Uint8Array): Promise<DecodedSamples> {
    return this.#codec.run(({ J2KDecoder }) => {
      const decoder = new J2KDecoder();
      try {
        decoder.getEncodedBuffer(codestream.length).set(codestream);
        decoder.decode();
        const { width, height, componentCount, bitsPerSample, isSigned } = decoder.getFrameInfo();
        const samples = copyOut(decoder.getDecodedBuffer());
        return { width, height, componentCount, bitsPerSample, isSigned, samples };
      } finally {
        decoder.delete();
      }
    });
  }

  /** Reversible (5/3) codestream. Throws `WasmCodecError`. */
  encodeLossless(frame: DecodedSamples, hasColourTransform: boolean): Promise<Uint8Array> {
    return this.#codec.run(({ J2KEncoder }) => {
      const { width, height, componentCount, bitsPerSample, isSigned, samples } = frame;
      const info = { width, height, componentCount, bitsPerSample, isSigned };
      const encoder = new J2KEncoder();
      try {
        encoder
          .getDecodedBuffer({ ...info, isUsingColorTransform: hasColourTransform })
          .set(samples);
        encoder.setDecompositions(decompositionCount(width, height));
        encoder.setQuality(true, 0);
        encoder.encode();
        return copyOut(encoder.getEncodedBuffer());
      } finally {
        encoder.delete();
      }
    });
  }
}

/** Five, as usual; fewer for frames too small to be halved so often. */
function decompositionCount(width: number, height: number): number {
  return Math.max(0, Math.min(5, Math.floor(Math.log2(Math.min(width, height)))));
}
