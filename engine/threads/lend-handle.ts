import { MessageChannel, type MessagePort } from 'node:worker_threads';

/**
 * A port for a thread that borrows a database, by which the handle comes once it is open: the thread loads its code meanwhile.
 * The port is closed when there will be none.
 */
export function lendHandle(opening: Promise<bigint>): MessagePort {
  const { port1, port2 } = new MessageChannel();
  opening.then(
    (handle) => port1.postMessage(handle),
    () => port1.close(),
  );
  return port2;
}
