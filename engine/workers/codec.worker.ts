import { getPriority, setPriority } from 'node:os';
import { workerData } from 'node:worker_threads';
import { move, transferableSymbol, valueSymbol } from 'piscina';
import { toGantryError } from '#engine/base/error-catalogue.js';
import { decodedImage } from '#engine/codec/codec-registry.js';
import { createCodecSet, warmUpCodecs, type CompiledCodecs } from '#engine/codec/codec-set.js';
import { decodeFrame } from '#engine/codec/decode-frame.js';
import { encodeFrame } from '#engine/codec/encode-frame.js';
import { resultMemory } from '#engine/codec/result-memory.js';
import { renderPicture as renderPictureOf } from '#engine/codec/render/render-picture.js';
import { renderReport } from '#engine/codec/render/render-report.js';
import type { RenderTask } from '#engine/codec/render/rendering.js';
import {
  explicitVrLittleEndianUid,
  findTransferSyntax,
} from '#engine/dicom/dictionary/transfer-syntaxes.js';
import type { CodecResult, CodecTask, DocumentTask } from '#engine/threads/task-messages.js';

/** What the pool gives each worker at its start. */
export interface CodecWorkerData {
  readonly compiled: CompiledCodecs;
}

/**
 * Codecs use whole cores for long; the thread that answers everybody must not wait its turn behind them, whatever priority the
 * process was started with. Linux alone has priorities by thread.
 */
const nicenessMore = 5;
const nicenessMax = 19;
if (process.platform === 'linux') {
  setPriority(Math.min(nicenessMax, getPriority() + nicenessMore));
}

const codecs = createCodecSet((workerData as CodecWorkerData).compiled);
// A codec that cannot be made says so again to the first frame that needs it.
warmUpCodecs(codecs).catch(() => undefined);

/** Piscina task: one frame into another transfer syntax; never rejects. All that was moved here is moved back. */
export default async function transcodeFrame(task: CodecTask): Promise<unknown> {
  const memory = [task.frame.buffer, ...(task.room === undefined ? [] : [task.room])];
  return answer(memory, () => transcode(task));
}

/** Piscina task: a picture; never rejects. All that was moved here is moved back. */
export async function renderPicture(task: RenderTask): Promise<unknown> {
  const memory = task.frames.map(({ buffer }) => buffer);
  return answer(memory, () => renderPictureOf(task, codecs));
}

/** Piscina task: the HTML of a structured report; never rejects. */
export async function renderDocument({ json }: DocumentTask): Promise<unknown> {
  return answer([], () => Promise.resolve(renderReport(json)));
}

async function answer(
  memory: readonly ArrayBufferLike[],
  work: () => Promise<Uint8Array>,
): Promise<unknown> {
  const buffers = memory.filter((buffer) => buffer instanceof ArrayBuffer);
  try {
    const frame = toMovable(await work(), buffers);
    const spent = buffers.filter((buffer) => buffer !== frame.buffer);
    return move(new MovedResult({ ok: true, frame, spent }, [frame.buffer, ...spent]));
  } catch (error) {
    const { code, detail } = toGantryError(error);
    return move(new MovedResult({ ok: false, code, detail, spent: buffers }, buffers));
  }
}

async function transcode(task: CodecTask): Promise<Uint8Array> {
  const { frame, image, fromUid, toUid, room } = task;
  const isNative = findTransferSyntax(fromUid)?.isEncapsulated !== true;
  const encoded = { codestream: frame, transferSyntaxUid: fromUid, image };
  const native = isNative ? frame : await decodeFrame(encoded, codecs, resultMemory(room));
  return toUid === explicitVrLittleEndianUid
    ? native
    : encodeFrame(native, { ...task, image: decodedImage(image, fromUid) }, codecs);
}

/**
 * Moving takes the whole buffer along, so it must hold nothing else; nor can shared memory be moved. What lies at the start of
 * memory that came with the task may be shorter than that.
 */
function toMovable(frame: Uint8Array, moved: readonly ArrayBuffer[]): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = frame;
  const isWhole = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
  const isInMoved = byteOffset === 0 && moved.some((one) => one === buffer);
  return isWhole || isInMoved ? (frame as Uint8Array<ArrayBuffer>) : new Uint8Array(frame);
}

/** How Piscina is told what to move instead of copy; what arrives is the result. */
class MovedResult {
  readonly #result: CodecResult;
  readonly #moved: readonly ArrayBuffer[];

  constructor(result: CodecResult, moved: readonly ArrayBuffer[]) {
    this.#result = result;
    this.#moved = moved;
  }

  /** A list, which Piscina joins to its own. */
  get [transferableSymbol](): readonly ArrayBuffer[] {
    return this.#moved;
  }

  get [valueSymbol](): CodecResult {
    return this.#result;
  }
}
