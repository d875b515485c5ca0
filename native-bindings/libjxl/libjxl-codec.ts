import { fileURLToPath } from 'node:url';
import {
  compileWasmFile,
  decodeUnsigned,
  freshMemory,
  WasmCodec,
  type CompiledWasm,
  type DecodedSamples,
  type EmscriptenModule,
  type UnsignedDecoder,
  type WasmFactory,
} from '../wasm/wasm-codec.js';

/** ES modules, the decoder apart from the encoder. */
const wasmName = '@cornerstonejs/codec-libjxl/decodewasm';
const factoryName = '@cornerstonejs/codec-libjxl/decodewasmjs';

interface LibjxlModule extends EmscriptenModule {
  readonly JpegXLDecoder: new () => UnsignedDecoder;
}

export function compileLibjxl(): Promise<CompiledWasm> {
  return compileWasmFile(fileURLToPath(import.meta.resolve(wasmName)));
}

async function loadFactory(): Promise<WasmFactory<LibjxlModule>> {
  const loaded = (await import(factoryName)) as { readonly default: WasmFactory<LibjxlModule> };
  return loaded.default;
}

/** JPEG XL (ISO 18181) by libjxl. It throws on anything wrong. */
export class LibjxlCodec {
  readonly #codec: WasmCodec<LibjxlModule>;

  constructor(compiled: CompiledWasm) {
    this.#codec = new WasmCodec(loadFactory, compiled);
  }

  /** The first image, grey or RGB, of up to 16 bits. Samples are unsigned. Throws `WasmCodecError`. */
  decode(codestream: Uint8Array, takeMemory = freshMemory): Promise<DecodedSamples> {
    return this.#codec.run(({ JpegXLDecoder }) => {
      const decoder = new JpegXLDecoder();
      try {
        return decodeUnsigned(decoder, codestream, takeMemory);
      } finally {
        decoder.delete();
      }
    });
  }
}
