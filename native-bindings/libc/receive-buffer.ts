import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Linux, socket(7). */
const solSocket = 1;
const soReceiveBuffer = 8;
/** The kernel keeps twice of what it is asked for, to have room for its own structures. */
const kernelFactor = 2;

const listenState = '0A';
const descriptorsDirectory = '/proc/self/fd';

/**
 * Bounds what the kernel receives ahead, for each connection to come on a TCP port that this process listens on: accepted sockets
 * inherit the buffer of the listening one. `bytesMax` counts as `net.ipv4.tcp_rmem` does. Nothing happens on other systems than
 * Linux, where receive buffers are smaller than 1 MiB anyway. Rejects when the socket cannot be found or set.
 */
export async function limitReceiveBuffers(port: number, bytesMax: number): Promise<void> {
  if (process.platform !== 'linux') return;
  const { default: koffi } = await import('koffi');
  const setsockopt = koffi
    .load(null)
    .func('int setsockopt(int fd, int level, int name, const int *value, uint32_t length)');
  const value = new Int32Array([Math.floor(bytesMax / kernelFactor)]);
  const descriptors = listeningDescriptors(port);
  if (descriptors.length === 0) throw new Error(`no socket listens on port ${port}`);
  for (const descriptor of descriptors) {
    const result: unknown = setsockopt(
      descriptor,
      solSocket,
      soReceiveBuffer,
      value,
      value.byteLength,
    );
    if (result !== 0) throw new Error(`the receive buffer of port ${port} cannot be set`);
  }
}

/** Descriptors of this process for sockets that listen on the port. */
function listeningDescriptors(port: number): number[] {
  const inodes = new Set(['tcp', 'tcp6'].flatMap((table) => listeningInodes(table, port)));
  return readdirSync(descriptorsDirectory)
    .filter((descriptor) => inodes.has(socketInode(descriptor) ?? ''))
    .map(Number);
}

/** From proc(5), /proc/net/tcp: `sl local_address rem_address st …`, the inode in column 9. */
function listeningInodes(table: string, port: number): string[] {
  const portText = port.toString(16).toUpperCase().padStart(4, '0');
  return readFileSync(`/proc/self/net/${table}`, 'latin1')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, address, , state]) => state === listenState && address?.endsWith(`:${portText}`))
    .map((columns) => columns[9] ?? '');
}

function socketInode(descriptor: string): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(`${descriptorsDirectory}/${descriptor}`))?.[1];
  } catch {
    // the descriptor of the listing itself is gone
    return undefined;
  }
}
