import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** The part of Emscripten's module object that all codecs share. */
export interface EmscriptenModule {
  readonly HEAPU8: Uint8Array;
}

/** A compiled module: plain data for `postMessage`, so that one compilation serves every thread. */
export interface CompiledWasm {
  readonly opaque?: unique symbol;
}

/** What a codestream, or the frame to encode, consists of. */
export interface FrameInfo {
  readonly width: number;
  readonly height: number;
  readonly componentCount: number;
  readonly bitsPerSample: number;
  readonly isSigned: boolean;
}

/** Samples of all components, pixel by pixel: one byte each up to 8 bits, two (little endian) above. */
export interface DecodedSamples extends FrameInfo {
  readonly samples: Uint8Array;
}

/** The codec refused, complained or trapped. */
export class WasmCodecError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'WasmCodecError';
  }
}

/** The heap of an instance never shrinks: beyond this it is dropped after the task. */
const heapBytesMax = 512 * 1024 * 1024;

/** OpenJPEG tells of its progress; everything else that is printed is a complaint. */
const informationPrefix = '[INFO]';

const require = createRequire(import.meta.url);

/** TypeScript describes WebAssembly only together with the DOM. */
const webAssembly = (
  globalThis as unknown as {
    readonly WebAssembly: {
      compile(bytes: Uint8Array): Promise<CompiledWasm>;
      instantiate(compiled: CompiledWasm, imports: unknown): Promise<unknown>;
    };
  }
).WebAssembly;

/** What a package exports: makes an instance. */
export type WasmFactory<Module> = (options: {
  instantiateWasm(imports: unknown, receive: (instance: unknown) => void): object;
  print(line: string): void;
  printErr(line: string): void;
}) => Promise<Module>;

/** Compiles the WebAssembly of a codec package, off this thread. */
export function compileWasmCodec(packageName: string): Promise<CompiledWasm> {
  return compileWasmFile(require.resolve(`${packageName}/wasm`));
}

/** Compiles a file of WebAssembly, off this thread. */
export function compileWasmFile(path: string): Promise<CompiledWasm> {
  return webAssembly.compile(readFileSync(path));
}

/**
 * One instance of a codec, for one thread and one task at a time. Whatever goes wrong inside costs the instance: after a trap its
 * heap is in no known state, and making another from the compiled module takes milliseconds.
 */
export class WasmCodec<Module extends EmscriptenModule> {
  readonly #load: () => Promise<WasmFactory<Module>>;
  readonly #compiled: CompiledWasm;
  readonly #complaints: string[] = [];
  #instance: Promise<Module> | undefined;

  /** `source`: the name of a CommonJS package, or what loads the factory of another. */
  constructor(source: string | (() => Promise<WasmFactory<Module>>), compiled: CompiledWasm) {
    this.#load =
      typeof source === 'string'
        ? () => Promise.resolve(require(`${source}/wasmjs`) as WasmFactory<Module>)
        : source;
    this.#compiled = compiled;
  }

  /**
   * Runs `work` on the instance; what it returns must hold no view of the heap. Throws `WasmCodecError` when `work` throws or
   * the codec prints anything: OpenJPEG and OpenJPH do no more than that when they give up.
   */
  async run<T>(work: (module: Module) => T): Promise<T> {
    const module = await this.warmUp();
    this.#complaints.length = 0;
    try {
      const result = work(module);
      if (this.#complaints.length > 0) throw new WasmCodecError(this.#complaints.join('; '));
      if (module.HEAPU8.length > heapBytesMax) this.#instance = undefined;
      return result;
    } catch (error) {
      this.#instance = undefined;
      throw this.#toCodecError(error);
    }
  }

  /** Makes the instance, so that the first task need not wait for it. */
  warmUp(): Promise<Module> {
    return (this.#instance ??= this.#instantiate().catch((error: unknown) => {
      this.#instance = undefined;
      throw error;
    }));
  }

  async #instantiate(): Promise<Module> {
    const factory = await this.#load();
    const before = process.listeners('uncaughtException');
    const complain = (line: string): void => {
      if (!line.startsWith(informationPrefix)) this.#complaints.push(line);
    };
    const module = await factory({
      print: complain,
      printErr: complain,
      instantiateWasm: (imports, receive) => {
        // A failure cannot happen: the module compiled, and the imports are its own.
        void webAssembly.instantiate(this.#compiled, imports).then(receive);
        return {};
      },
    });
    // Each instance installs a handler that only throws again; thousands of instances would leak them.
    for (const listener of process.listeners('uncaughtException')) {
      if (!before.includes(listener)) process.off('uncaughtException', listener);
    }
    return module;
  }

  /** C++ exceptions arrive as numbers (addresses in the heap) and carry no text. */
  #toCodecError(error: unknown): WasmCodecError {
    if (error instanceof WasmCodecError) return error;
    const reason = error instanceof Error ? error.message : 'the codec threw';
    const message = [...this.#complaints, reason].join('; ').slice(0, 300);
    return new WasmCodecError(message, { cause: error });
  }
}

/** Brings memory for a result, of that many bytes and of any content. */
export type TakeMemory = (length: number) => Uint8Array;

/** Memory of its own for each result. */
export const freshMemory: TakeMemory = (length) => new Uint8Array(length);

/** A copy of what lies in the heap, in memory that can be moved to another thread. */
export function copyOut(view: Uint8Array, takeMemory = freshMemory): Uint8Array {
  const copy = takeMemory(view.length);
  copy.set(view);
  return copy;
}

/** What the decoders for unsigned samples of two packages have in common. */
export interface UnsignedDecoder {
  getEncodedBuffer(length: number): Uint8Array;
  getDecodedBuffer(): Uint8Array;
  getFrameInfo(): Omit<FrameInfo, 'isSigned'>;
  decode(): void;
  delete(): void;
}

/** Decodes a codestream; the decoder can be asked for more of it afterwards, and is for the caller to delete. */
export function decodeUnsigned(
  decoder: UnsignedDecoder,
  codestream: Uint8Array,
  takeMemory: TakeMemory,
): DecodedSamples {
  decoder.getEncodedBuffer(codestream.length).set(codestream);
  decoder.decode();
  const { width, height, componentCount, bitsPerSample } = decoder.getFrameInfo();
  const samples = copyOut(decoder.getDecodedBuffer(), takeMemory);
  return { width, height, componentCount, bitsPerSample, isSigned: false, samples };
}
