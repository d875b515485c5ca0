import { GantryError, toGantryError } from '#engine/base/error-catalogue.js';
import { limits } from '#engine/base/limits.js';
import { noDataSet, responseBit, withDataSet } from '#engine/dimse/command-set.js';
import type { CommandSet } from '#engine/dimse/command-set.js';
import type { ReceivedCommand } from '#engine/dimse/message-reader.js';
import type { MessageWriter } from '#engine/dimse/message-writer.js';
import { ByteAccumulator } from '#engine/upper-layer/byte-accumulator.js';
import type { PresentationContext } from '#engine/upper-layer/negotiation.js';
import type { DataSetReceiver } from '#src/dimse/service-provider.js';

/** Bytes of a data set that can be read piece by piece. */
export interface DataSetSource {
  /** Undefined where only the end tells; positions then follow each other. */
  readonly length: number | undefined;
  /** Up to `lengthMax` bytes from `position`, at least one unless `position` is the end. The result is the caller's. */
  read(position: number, lengthMax: number): Promise<Uint8Array>;
}

/** One DIMSE operation to be asked of the peer; message id and data set type are filled in. */
export interface Operation {
  readonly context: PresentationContext;
  readonly command: CommandSet & { readonly commandField: number };
  /** In the transfer syntax of `context`. */
  readonly dataSet?: Uint8Array | DataSetSource;
  /** Called for each response that says that more will follow (PS3.7 §9.1.2.1.5: FF00 and FF01). */
  readonly onPending?: (response: OperationResponse) => void;
  /** Told the message id before the request leaves, to cancel it by (PS3.7 §9.3.2.3). */
  readonly onMessageId?: (messageId: number) => void;
}

export interface OperationResponse {
  readonly status: number;
  readonly command: CommandSet;
  /** Data set of the response, encoded as its context says. */
  readonly dataSet?: Uint8Array;
}

/** What an invoker needs of its association. */
export interface InvokerOptions {
  readonly writer: MessageWriter;
  /** Resolves when more may be written; undefined when that is now. */
  readonly whenWritable: () => Promise<void> | undefined;
  /** While an operation is outstanding, how long the peer may neither send nor take anything. */
  readonly responseTimeoutMs: number;
  /** The association can no longer be used: abort it, and call `close`. */
  readonly onBroken: (error: GantryError) => void;
}

interface Pending {
  readonly operation: Operation;
  readonly resolve: (response: OperationResponse) => void;
  readonly reject: (error: GantryError) => void;
}

/** Bytes of a data set read ahead of the connection; rounded to whole PDUs. */
const readBytes = 256 * 1024;

/** Message ids are 16 bits, and 0 is left out because some peers take it for missing. */
const messageIdMax = 0xffff;

/**
 * The invoking side of an association, whichever side opened it: gives operations their message ids, sends their data sets with
 * back-pressure and finds the operation that a response belongs to (PS3.7 §8).
 */
export class OperationInvoker {
  readonly #options: InvokerOptions;
  readonly #pending = new Map<number, Pending>();
  #lastMessageId = 0;
  /** Settles when the messages handed over so far are written: those of one association do not interleave. */
  #lastSend: Promise<void> = Promise.resolve();
  #waitingCount = 0;
  #activeCount = 0;
  #failure: GantryError | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: InvokerOptions) {
    this.#options = options;
  }

  /** Operations whose request is not sent or whose final response is not here. */
  get activeCount(): number {
    return this.#activeCount;
  }

  /**
   * Resolves with the final response, whatever its status. Rejects when the association ends first, or with the error of the
   * data set's source; unless that fails at its first bytes, the association is of no use then, since a message cannot be
   * taken back.
   */
  async invoke(operation: Operation): Promise<OperationResponse> {
    if (this.#failure !== undefined) throw this.#failure;
    const messageId = this.#takeMessageId();
    const response = new Promise<OperationResponse>((resolve, reject) => {
      this.#pending.set(messageId, { operation, resolve, reject });
    });
    // It may be rejected while the request is still being sent.
    response.catch(() => undefined);
    this.#activeCount++;
    this.#startTimer();
    try {
      operation.onMessageId?.(messageId);
      const { dataSet } = operation;
      const commandDataSetType = dataSet === undefined ? noDataSet : withDataSet;
      const command = { ...operation.command, messageId, commandDataSetType };
      await this.send(operation.context.contextId, command, dataSet);
      return await response;
    } finally {
      this.#pending.delete(messageId);
      this.#activeCount--;
      if (this.#activeCount === 0) clearTimeout(this.#timer);
    }
  }

  /**
   * Sends one message after those before it; at once when there are none, unless its data set has to be waited for.
   * Rejects with the error of that; a message on an association that has ended is dropped.
   */
  send(
    contextId: number,
    command: CommandSet,
    dataSet?: Uint8Array | DataSetSource,
  ): Promise<void> {
    const isInMemory = dataSet === undefined || dataSet instanceof Uint8Array;
    if (isInMemory && this.#waitingCount === 0) {
      this.#writeAtOnce(contextId, command, dataSet);
      return Promise.resolve();
    }
    this.#waitingCount++;
    const sent = this.#lastSend
      .then(() =>
        isInMemory
          ? this.#writeAtOnce(contextId, command, dataSet)
          : this.#writeStreamed(contextId, command, dataSet),
      )
      .finally(() => {
        this.#waitingCount--;
      });
    this.#lastSend = sent.catch(() => undefined);
    return sent;
  }

  /** The peer has sent or taken something. */
  noteProgress(): void {
    if (this.#activeCount > 0) this.#timer?.refresh();
  }

  /** Takes the command set of a response; the result takes its data set. Throws `malformed` when nobody asked for it. */
  receiveResponse(command: ReceivedCommand, hasDataSet: boolean): DataSetReceiver | undefined {
    const messageId = command.messageIdBeingRespondedTo ?? 0;
    const pending = this.#pending.get(messageId);
    const { status } = command;
    if (
      pending === undefined ||
      status === undefined ||
      command.commandField !== (pending.operation.command.commandField | responseBit)
    ) {
      throw new GantryError('malformed', 'response without a request');
    }
    if (!hasDataSet) {
      this.#answer(messageId, pending, { status, command });
      return undefined;
    }
    const bytes = new ByteAccumulator();
    return {
      write: (fragment) => {
        if (bytes.length + fragment.length > limits.identifierBytesMax) {
          throw new GantryError('limit-exceeded', 'data set of a response');
        }
        bytes.append(fragment);
      },
      end: () => this.#answer(messageId, pending, { status, command, dataSet: bytes.take() }),
    };
  }

  /** The association has ended: rejects what is outstanding and whatever comes, and sends nothing any more. */
  close(error: GantryError): void {
    this.#failure ??= error;
    clearTimeout(this.#timer);
    for (const { reject } of this.#pending.values()) reject(this.#failure);
    this.#pending.clear();
  }

  #answer(messageId: number, pending: Pending, response: OperationResponse): void {
    if (isPending(response.status)) return pending.operation.onPending?.(response);
    this.#pending.delete(messageId);
    pending.resolve(response);
  }

  #takeMessageId(): number {
    do {
      this.#lastMessageId = (this.#lastMessageId % messageIdMax) + 1;
    } while (this.#pending.has(this.#lastMessageId));
    return this.#lastMessageId;
  }

  #writeAtOnce(contextId: number, command: CommandSet, dataSet: Uint8Array | undefined): void {
    if (this.#failure !== undefined) return;
    const { writer } = this.#options;
    writer.writeCommand(contextId, command);
    if (dataSet !== undefined) writer.writeDataSet(contextId, true, dataSet);
  }

  async #writeStreamed(
    contextId: number,
    command: CommandSet,
    dataSet: DataSetSource,
  ): Promise<void> {
    if (this.#failure !== undefined) return;
    const { writer } = this.#options;
    const stepBytes = wholePdus(writer.fragmentBytesMax);
    // Read before the command goes, so that a source that fails at once does no harm.
    const first = await readFully(dataSet, 0, stepBytes);
    if (this.#failure !== undefined) return;
    writer.writeCommand(contextId, command);
    try {
      await this.#stream(contextId, dataSet, first);
    } catch (error) {
      if (this.#failure === undefined) this.#break(toGantryError(error));
      throw toGantryError(error);
    }
  }

  async #stream(contextId: number, dataSet: DataSetSource, first: Uint8Array): Promise<void> {
    const { writer, whenWritable } = this.#options;
    const stepBytes = wholePdus(writer.fragmentBytesMax);
    let bytes = first;
    let position = 0;
    for (;;) {
      position += bytes.length;
      // The last fragment says that it is the last: without a length, what follows has to be known first.
      const ahead =
        dataSet.length === undefined ? await readFully(dataSet, position, stepBytes) : undefined;
      // The peer is not to blame for the time that bytes took to be made.
      this.noteProgress();
      await whenWritable();
      if (this.#failure !== undefined) return;
      const isLast = ahead === undefined ? position === dataSet.length : ahead.length === 0;
      writer.writeDataSet(contextId, isLast, bytes);
      if (isLast) return;
      bytes = ahead ?? (await readFully(dataSet, position, stepBytes));
    }
  }

  #startTimer(): void {
    if (this.#activeCount > 1) return;
    this.#timer = setTimeout(() => {
      this.#break(new GantryError('timeout', 'no response in time'));
    }, this.#options.responseTimeoutMs);
  }

  #break(error: GantryError): void {
    this.close(error);
    this.#options.onBroken(error);
  }
}

/** Whether more responses follow, PS3.7 Annex C. */
function isPending(status: number): boolean {
  return status === 0xff00 || status === 0xff01;
}

function wholePdus(fragmentBytesMax: number): number {
  return fragmentBytesMax * Math.max(1, Math.floor(readBytes / fragmentBytesMax));
}

/** `lengthMax` bytes from `position`, or all up to the end. Rejects with `truncated` when that comes too early. */
async function readFully(
  source: DataSetSource,
  position: number,
  lengthMax: number,
): Promise<Uint8Array> {
  const length = Math.min(lengthMax, (source.length ?? Infinity) - position);
  if (length === 0) return new Uint8Array(0);
  const first = await source.read(position, length);
  if (first.length === length) return first;
  const bytes = new Uint8Array(length);
  bytes.set(first);
  let filled = first.length;
  while (filled < length) {
    const piece = await source.read(position + filled, length - filled);
    if (piece.length === 0) {
      if (source.length === undefined) return bytes.subarray(0, filled);
      throw new GantryError('truncated', 'source of a data set ended early');
    }
    bytes.set(piece, filled);
    filled += piece.length;
  }
  return bytes;
}
