import { GantryError } from '#engine/base/error-catalogue.js';
import { limits } from '#engine/base/limits.js';
import { ByteAccumulator } from '#engine/upper-layer/byte-accumulator.js';
import { decodeCommandSet, noDataSet } from './command-set.js';
import type { CommandSet } from './command-set.js';

/** A command set that says which operation it is. */
export type ReceivedCommand = CommandSet & { readonly commandField: number };

/** What a `MessageReader` reports. */
export interface MessageReceiver {
  /** A command set is whole. If `hasDataSet`, its data set follows. */
  onCommand(contextId: number, command: ReceivedCommand, hasDataSet: boolean): void;
  /** Bytes of the data set as they arrive: a view, valid until the call returns. */
  onDataSetFragment(bytes: Uint8Array): void;
  onDataSetEnd(): void;
}

/**
 * Puts message fragments together to DIMSE messages (PS3.7 §6.3, PS3.8 Annex E). The command set is gathered, within its limit;
 * the data set is streamed. Messages of one association do not interleave: their fragments follow one another, command first,
 * all on one presentation context.
 */
export class MessageReader {
  readonly #receiver: MessageReceiver;
  readonly #command = new ByteAccumulator();
  /** Context of the message in progress; 0 between messages. */
  #contextId = 0;
  #isInDataSet = false;

  constructor(receiver: MessageReceiver) {
    this.#receiver = receiver;
  }

  /** Whether a message has begun and not ended. */
  get isInMessage(): boolean {
    return this.#contextId !== 0;
  }

  /** Takes the next fragment. Throws `malformed` or `limit-exceeded`, after which the association is to be aborted. */
  push(contextId: number, isCommand: boolean, isLast: boolean, bytes: Uint8Array): void {
    if (this.#contextId === 0) {
      this.#contextId = contextId;
    } else if (contextId !== this.#contextId) {
      throw new GantryError('malformed', 'message changes its presentation context');
    }
    if (isCommand === this.#isInDataSet) {
      throw new GantryError(
        'malformed',
        isCommand ? 'command inside a data set' : 'data set without its command',
      );
    }
    if (isCommand) this.#pushCommand(isLast, bytes);
    else this.#pushDataSet(isLast, bytes);
  }

  #pushCommand(isLast: boolean, bytes: Uint8Array): void {
    if (this.#command.length + bytes.length > limits.commandSetBytesMax) {
      throw new GantryError('limit-exceeded', 'command set');
    }
    this.#command.append(bytes);
    if (!isLast) return;
    const command = decodeCommandSet(this.#command.take());
    const { commandField, commandDataSetType } = command;
    if (commandField === undefined || commandDataSetType === undefined) {
      throw new GantryError('malformed', 'command set: a mandatory element is missing');
    }
    const contextId = this.#contextId;
    const hasDataSet = commandDataSetType !== noDataSet;
    this.#isInDataSet = hasDataSet;
    if (!hasDataSet) this.#contextId = 0;
    this.#receiver.onCommand(contextId, { ...command, commandField }, hasDataSet);
  }

  #pushDataSet(isLast: boolean, bytes: Uint8Array): void {
    if (bytes.length > 0) this.#receiver.onDataSetFragment(bytes);
    if (!isLast) return;
    this.#isInDataSet = false;
    this.#contextId = 0;
    this.#receiver.onDataSetEnd();
  }
}
