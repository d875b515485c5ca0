import {
  Jpeg2000Codec,
  type Jpeg2000Decoder,
  type Jpeg2000Encoder,
} from '../wasm/jpeg2000-codec.js';
import { compileWasmCodec, type CompiledWasm, type EmscriptenModule } from '../wasm/wasm-codec.js';

const packageName = '@cornerstonejs/codec-openjpeg';

interface OpenjpegModule extends EmscriptenModule {
  readonly J2KDecoder: new () => Jpeg2000Decoder;
  readonly J2KEncoder: new () => OpenjpegEncoder;
}

interface OpenjpegEncoder extends Jpeg2000Encoder {
  setDecompositions(count: number): void;
}

export function compileOpenjpeg(): Promise<CompiledWasm> {
  return compileWasmCodec(packageName);
}

export type OpenjpegCodec = Jpeg2000Codec<OpenjpegModule, OpenjpegEncoder>;

/**
 * JPEG 2000 (ISO 15444-1) by OpenJPEG. Codestreams are checked before they come here: it reads beyond short ones. Its
 * encoder is wrong for colour of more than 8 bits.
 */
export function createOpenjpegCodec(compiled: CompiledWasm): OpenjpegCodec {
  return new Jpeg2000Codec(
    {
      packageName,
      createDecoder: ({ J2KDecoder }: OpenjpegModule) => new J2KDecoder(),
      createEncoder: ({ J2KEncoder }) => new J2KEncoder(),
      configure: (encoder, { width, height }) =>
        encoder.setDecompositions(decompositionCount(width, height)),
    },
    compiled,
  );
}

/** Five, as usual; fewer for frames too small to be halved so often. */
function decompositionCount(width: number, height: number): number {
  return Math.min(5, Math.floor(Math.log2(Math.min(width, height))));
}
