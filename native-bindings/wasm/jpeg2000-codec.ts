import { declareSigns, hasByteSigns, toSigned, toUnsigned } from './jpeg2000-signs.js';
import {
  copyOut,
  freshMemory,
  WasmCodec,
  WasmCodecError,
  type CompiledWasm,
  type DecodedSamples,
  type EmscriptenModule,
  type FrameInfo,
} from './wasm-codec.js';

/** What the wrappers of OpenJPEG and OpenJPH have in common. */
export interface Jpeg2000Decoder {
  getEncodedBuffer(length: number): Uint8Array;
  getDecodedBuffer(): Uint8Array;
  getFrameInfo(): FrameInfo;
  /** OpenJPH only. */
  getLastErrorMessage?(): string;
  decode(): void;
  delete(): void;
}

export interface Jpeg2000Encoder {
  getDecodedBuffer(frame: FrameInfo & { readonly isUsingColorTransform: boolean }): Uint8Array;
  getEncodedBuffer(): Uint8Array;
  setQuality(isLossless: boolean, quality: number): void;
  encode(): void;
  delete(): void;
}

/** How one package is driven. */
export interface Jpeg2000Driver<Module extends EmscriptenModule, Encoder extends Jpeg2000Encoder> {
  readonly packageName: string;
  createDecoder(module: Module): Jpeg2000Decoder;
  createEncoder(module: Module): Encoder;
  /** Sets what is special to the package; quality is set already. */
  configure(encoder: Encoder, frame: FrameInfo): void;
}

/** A JPEG 2000 codec of one thread. */
export class Jpeg2000Codec<Module extends EmscriptenModule, Encoder extends Jpeg2000Encoder> {
  readonly #codec: WasmCodec<Module>;
  readonly #driver: Jpeg2000Driver<Module, Encoder>;

  constructor(driver: Jpeg2000Driver<Module, Encoder>, compiled: CompiledWasm) {
    this.#driver = driver;
    this.#codec = new WasmCodec(driver.packageName, compiled);
  }

  /** Makes the instance ahead of the first task. */
  async warmUp(): Promise<void> {
    await this.#codec.warmUp();
  }

  /** Colour transforms of the codestream are undone. Throws `WasmCodecError`. */
  decode(codestream: Uint8Array, takeMemory = freshMemory): Promise<DecodedSamples> {
    return this.#codec.run((module) => {
      const decoder = this.#driver.createDecoder(module);
      try {
        const input = decoder.getEncodedBuffer(codestream.length);
        input.set(codestream);
        const isTurned = hasByteSigns(codestream);
        if (isTurned) declareSigns(input, false);
        decoder.decode();
        const complaint = decoder.getLastErrorMessage?.() ?? '';
        if (complaint !== '') throw new WasmCodecError(complaint);
        const { width, height, componentCount, bitsPerSample, isSigned } = decoder.getFrameInfo();
        const decoded = copyOut(decoder.getDecodedBuffer(), takeMemory);
        const samples = isTurned ? toSigned(decoded, bitsPerSample) : decoded;
        const info = { width, height, componentCount, bitsPerSample };
        return { ...info, isSigned: isSigned || isTurned, samples };
      } finally {
        decoder.delete();
      }
    });
  }

  /** A reversible (5/3) codestream. Throws `WasmCodecError`. */
  encodeLossless(frame: DecodedSamples, hasColourTransform: boolean): Promise<Uint8Array> {
    return this.#codec.run((module) => {
      const { width, height, componentCount, bitsPerSample } = frame;
      const isTurned = frame.isSigned && bitsPerSample <= 8;
      const isSigned = frame.isSigned && !isTurned;
      const info = { width, height, componentCount, bitsPerSample, isSigned };
      const encoder = this.#driver.createEncoder(module);
      try {
        encoder
          .getDecodedBuffer({ ...info, isUsingColorTransform: hasColourTransform })
          .set(isTurned ? toUnsigned(frame.samples, bitsPerSample) : frame.samples);
        encoder.setQuality(true, 0);
        this.#driver.configure(encoder, info);
        encoder.encode();
        const codestream = copyOut(encoder.getEncodedBuffer());
        if (isTurned) declareSigns(codestream, true);
        return codestream;
      } finally {
        encoder.delete();
      }
    });
  }
}
