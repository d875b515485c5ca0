import { parentPort, workerData } from 'node:worker_threads';

import { loadUws } from '#native-bindings/uwebsockets/load-uws.js';

const REQUEST_HEAD_BYTES_MAX = 16 * 1024;

/** Answers every request with the same bytes from memory: what the HTTP front could do if there were nothing behind it. */
const { bodyBytes } = workerData as { readonly bodyBytes: number };
const body = Buffer.alloc(bodyBytes, 7);
const uws = await loadUws(REQUEST_HEAD_BYTES_MAX);
const app = uws.App();
app.any('/*', (response) => {
  let isOver = false;
  const send = (): boolean => {
    if (isOver) return true;
    const rest = body.subarray(response.getWriteOffset());
    const [isTaken, isDone] = response.tryEnd(rest, body.length);
    isOver = isDone;
    return isTaken;
  };
  response.onAborted(() => {
    isOver = true;
  });
  response.onWritable(send);
  send();
});
app.listen('127.0.0.1', 0, uws.LIBUS_LISTEN_EXCLUSIVE_PORT, (socket) => {
  if (socket === false) throw new Error('the constant server cannot listen');
  parentPort?.postMessage(uws.us_socket_local_port(socket));
});
// The library's sockets must be closed before the thread may end.
parentPort?.once('message', () => app.close());
