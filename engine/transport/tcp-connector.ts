import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { GantryError } from '#engine/base/error-catalogue.js';
import { SocketReads } from './read-buffer.js';
import { SocketConnection, streamBufferBytes } from './socket-connection.js';
import { tlsProfile } from './tls-profile.js';

/** Keys of a TLS client, PEM. */
export interface TlsClientOptions {
  /** Own certificate and key, for peers that ask for one. */
  readonly key?: Buffer;
  readonly cert?: Buffer;
  /** Authorities that the peer's certificate must come from; those of the system when absent. */
  readonly ca?: Buffer;
}

export interface ConnectOptions {
  readonly host: string;
  readonly port: number;
  /** Until the connection stands, TLS included. */
  readonly timeoutMs: number;
  readonly tls?: TlsClientOptions;
}

/** Opens a connection; attach a receiver at once. Rejects with `peer-unavailable`, the system's error as its cause. */
export function connectTcp(options: ConnectOptions): Promise<SocketConnection> {
  return new Promise((resolve, reject) => {
    const reads = options.tls === undefined ? new SocketReads() : undefined;
    const socket = openSocket(options, reads);
    const fail = (detail: string, cause?: Error): void => {
      clearTimeout(timer);
      socket.on('error', () => undefined);
      socket.destroy();
      reject(new GantryError('peer-unavailable', detail, { cause }));
    };
    const timer = setTimeout(() => fail('no connection in time'), options.timeoutMs);
    const onError = (error: NodeJS.ErrnoException): void =>
      fail(error.code ?? 'connection failed', error);
    socket.once('error', onError);
    socket.once(options.tls === undefined ? 'connect' : 'secureConnect', () => {
      clearTimeout(timer);
      socket.removeListener('error', onError);
      resolve(new SocketConnection(socket, reads));
    });
  });
}

function openSocket({ host, port, tls }: ConnectOptions, reads: SocketReads | undefined): Socket {
  const address = { host, port, noDelay: true, highWaterMark: streamBufferBytes };
  if (tls === undefined) return connect({ ...address, onread: reads?.option });
  // Certificates of modalities seldom hold the address that a configuration names them by. The site's own authority vouches for
  // the peer then; with the authorities of the system, where anybody gets a certificate, the name is checked.
  const identity = tls.ca === undefined ? {} : { checkServerIdentity: () => undefined };
  return connectTls({ ...address, ...tlsProfile, ...tls, ...identity });
}
