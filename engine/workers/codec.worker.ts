import { getPriority, setPriority } from 'node:os';
import { workerData } from 'node:worker_threads';
import { move, transferableSymbol, valueSymbol } from 'piscina';
import { toGantryError } from '#engine/base/error-catalogue.js';
import { decodedImage } from '#engine/codec/codec-registry.js';
import { createCodecSet, warmUpCodecs, type CompiledCodecs } from '#engine/codec/codec-set.js';
import { decodeFrame } from '#engine/codec/decode-frame.js';
import { encodeFrame } from '#engine/codec/encode-frame.js';
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

/** Piscina task: one frame into another transfer syntax; never rejects. The frame of the result is moved. */
export default async function transcodeFrame(task: CodecTask): Promise<unknown> {
  return answer(() => transcode(task));
}

/** Piscina task: a picture; never rejects. The bytes of the result are moved. */
export async function renderPicture(task: RenderTask): Promise<unknown> {
  return answer(() => renderPictureOf(task, codecs));
}

/** Piscina task: the HTML of a structured report; never rejects. */
export async function renderDocument({ json }: DocumentTask): Promise<unknown> {
  return answer(() => Promise.resolve(renderReport(json)));
}

async function answer(work: () => Promise<Uint8Array>): Promise<unknown> {
  try {
    return move(new MovedFrame(await work()));
  } catch (error) {
    const { code, detail } = toGantryError(error);
    return { ok: false, code, detail } satisfies CodecResult;
  }
}

async function transcode(task: CodecTask): Promise<Uint8Array> {
  const { frame, image, fromUid, toUid } = task;
  const isNative = findTransferSyntax(fromUid)?.isEncapsulated !== true;
  const native = isNative
    ? frame
    : await decodeFrame({ codestream: frame, transferSyntaxUid: fromUid, image }, codecs);
  return toUid === explicitVrLittleEndianUid
    ? native
    : encodeFrame(native, { ...task, image: decodedImage(image, fromUid) }, codecs);
}

/** How Piscina is told what to move instead of copy; what arrives is a `CodecResult`. */
class MovedFrame {
  readonly #frame: Uint8Array<ArrayBuffer>;

  constructor(frame: Uint8Array) {
    // Moving takes the whole buffer along, so it must hold nothing else; nor can shared memory be moved.
    const { buffer } = frame;
    const isWhole = buffer instanceof ArrayBuffer && buffer.byteLength === frame.byteLength;
    this.#frame = isWhole ? (frame as Uint8Array<ArrayBuffer>) : new Uint8Array(frame);
  }

  get [transferableSymbol](): ArrayBuffer {
    return this.#frame.buffer;
  }

  get [valueSymbol](): CodecResult {
    return { ok: true, frame: this.#frame };
  }
}
