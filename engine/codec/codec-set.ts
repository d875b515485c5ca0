import { CharlsCodec, compileCharls } from '#native-bindings/charls/charls-codec.js';
import {
  compileLibjpegTurbo,
  LibjpegTurboCodec,
} from '#native-bindings/libjpeg-turbo/libjpeg-turbo-codec.js';
import { compileLibjxl, LibjxlCodec } from '#native-bindings/libjxl/libjxl-codec.js';
import {
  compileOpenjpeg,
  createOpenjpegCodec,
  type OpenjpegCodec,
} from '#native-bindings/openjpeg/openjpeg-codec.js';
import {
  compileOpenjph,
  createOpenjphCodec,
  type OpenjphCodec,
} from '#native-bindings/openjph/openjph-codec.js';
import type { CompiledWasm } from '#native-bindings/wasm/wasm-codec.js';

/** The compiled modules: made once, given to every thread. */
export interface CompiledCodecs {
  readonly charls: CompiledWasm;
  readonly libjpegTurbo: CompiledWasm;
  readonly libjxl: CompiledWasm;
  readonly openjpeg: CompiledWasm;
  readonly openjph: CompiledWasm;
}

/** The codecs of one thread; each makes its instance when it is first used, or warmed up. */
export interface CodecSet {
  readonly charls: CharlsCodec;
  readonly libjpegTurbo: LibjpegTurboCodec;
  readonly libjxl: LibjxlCodec;
  readonly openjpeg: OpenjpegCodec;
  readonly openjph: OpenjphCodec;
}

export async function compileCodecs(): Promise<CompiledCodecs> {
  const [charls, libjpegTurbo, libjxl, openjpeg, openjph] = await Promise.all([
    compileCharls(),
    compileLibjpegTurbo(),
    compileLibjxl(),
    compileOpenjpeg(),
    compileOpenjph(),
  ]);
  return { charls, libjpegTurbo, libjxl, openjpeg, openjph };
}

export function createCodecSet(compiled: CompiledCodecs): CodecSet {
  return {
    charls: new CharlsCodec(compiled.charls),
    libjpegTurbo: new LibjpegTurboCodec(compiled.libjpegTurbo),
    libjxl: new LibjxlCodec(compiled.libjxl),
    openjpeg: createOpenjpegCodec(compiled.openjpeg),
    openjph: createOpenjphCodec(compiled.openjph),
  };
}

/** Makes the instances ahead of the first frames, one after another; JPEG XL is too rare for that. */
export async function warmUpCodecs(codecs: CodecSet): Promise<void> {
  for (const codec of [codecs.openjpeg, codecs.charls, codecs.openjph, codecs.libjpegTurbo]) {
    await codec.warmUp();
  }
}
