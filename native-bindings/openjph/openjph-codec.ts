import {
  Jpeg2000Codec,
  type Jpeg2000Decoder,
  type Jpeg2000Encoder,
} from '../wasm/jpeg2000-codec.js';
import { compileWasmCodec, type CompiledWasm, type EmscriptenModule } from '../wasm/wasm-codec.js';

const packageName = '@cornerstonejs/codec-openjph';

interface OpenjphModule extends EmscriptenModule {
  readonly HTJ2KDecoder: new () => Jpeg2000Decoder;
  readonly HTJ2KEncoder: new () => OpenjphEncoder;
}

interface OpenjphEncoder extends Jpeg2000Encoder {
  setProgressionOrder(order: number): void;
  setTLMMarker(isWritten: boolean): void;
  setTilePartDivisionsAtResolutions(isDivided: boolean): void;
}

/** Resolution, position, component, layer: low resolutions first (ISO 15444-1 Table A.16). */
const rpclOrder = 2;

export function compileOpenjph(): Promise<CompiledWasm> {
  return compileWasmCodec(packageName);
}

export type OpenjphCodec = Jpeg2000Codec<OpenjphModule, OpenjphEncoder>;

/**
 * High-Throughput JPEG 2000 (ISO 15444-15) by OpenJPH. Its encoder is wrong for colour of more than 8 bits.
 *
 * It encodes in RPCL order with tile-part lengths in front and one tile-part a resolution, as the RPCL syntax of DICOM asks: a
 * client that has the beginning can show a smaller image.
 */
export function createOpenjphCodec(compiled: CompiledWasm): OpenjphCodec {
  return new Jpeg2000Codec(
    {
      packageName,
      createDecoder: ({ HTJ2KDecoder }: OpenjphModule) => new HTJ2KDecoder(),
      createEncoder: ({ HTJ2KEncoder }) => new HTJ2KEncoder(),
      configure: (encoder) => {
        encoder.setProgressionOrder(rpclOrder);
        encoder.setTLMMarker(true);
        encoder.setTilePartDivisionsAtResolutions(true);
      },
    },
    compiled,
  );
}
