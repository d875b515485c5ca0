import { Socket } from 'node:net';
import type { OnReadOpts, SocketConstructorOpts } from 'node:net';

/** Bytes that one read takes from the kernel at most. */
const readBufferBytes = 256 * 1024;

/**
 * What the reads of every plain socket go to. One is enough: a chunk is looked at in the turn that it was read in, and no
 * socket is read meanwhile. Left to itself Node makes a new buffer of 64 KiB for each read, and collecting them cost as much as
 * everything else that an association does on the main thread (docs/adr/0020-one-read-buffer.md).
 */
const readBuffer = Buffer.allocUnsafeSlow(readBufferBytes);

/** Where the reads of one socket go; the receiver is named before the first read can happen. */
export class SocketReads {
  /** Called with a view that is valid until the call returns. */
  onData: (chunk: Buffer) => void = () => undefined;

  /** The `onread` option of a socket. */
  readonly option: OnReadOpts = {
    buffer: readBuffer,
    callback: (length) => {
      this.onData(readBuffer.subarray(0, length));
      return true;
    },
  };
}

/** Options that Node takes and its types leave out. */
type RewiredSocketOptions = SocketConstructorOpts & {
  readonly handle: object;
  readonly onread: OnReadOpts;
  readonly highWaterMark: number;
};

/**
 * An accepted socket whose reads go to `reads`. Node takes the option `onread` only for sockets that it is asked to make, so the
 * handle of the accepted one moves to a new one; undefined where that has none, and then `accepted` is to be used as it is. Its
 * server must have been made with `pauseOnConnect`.
 */
export function rewireReads(
  accepted: Socket,
  reads: SocketReads,
  highWaterMark: number,
): Socket | undefined {
  const owner = accepted as Socket & { _handle?: object | null };
  const handle = owner._handle;
  if (handle === undefined || handle === null) return undefined;
  owner._handle = null;
  const options: RewiredSocketOptions = { handle, onread: reads.option, highWaterMark };
  return new Socket(options);
}
