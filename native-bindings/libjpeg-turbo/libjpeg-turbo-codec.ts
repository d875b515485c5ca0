import {
  compileWasmCodec,
  decodeUnsigned,
  WasmCodec,
  type CompiledWasm,
  type DecodedSamples,
  type EmscriptenModule,
  type UnsignedDecoder,
} from '../wasm/wasm-codec.js';

const packageName = '@cornerstonejs/codec-libjpeg-turbo-8bit';

interface LibjpegTurboModule extends EmscriptenModule {
  readonly JPEGDecoder: new () => UnsignedDecoder;
}

export function compileLibjpegTurbo(): Promise<CompiledWasm> {
  return compileWasmCodec(packageName);
}

/** JPEG with DCT and 8 bits a sample, sequential and progressive (ISO 10918-1), by libjpeg-turbo. It throws on anything wrong. */
export class LibjpegTurboCodec {
  readonly #codec: WasmCodec<LibjpegTurboModule>;

  constructor(compiled: CompiledWasm) {
    this.#codec = new WasmCodec(packageName, compiled);
  }

  /**
   * Grey of one component; RGB of three, converted from YCbCr when the markers (JFIF, Adobe), or by default the number of
   * components, say that this is what the codestream holds. Throws `WasmCodecError`.
   */
  decode(codestream: Uint8Array): Promise<DecodedSamples> {
    return this.#codec.run(({ JPEGDecoder }) => {
      const decoder = new JPEGDecoder();
      try {
        return decodeUnsigned(decoder, codestream);
      } finally {
        decoder.delete();
      }
    });
  }
}
