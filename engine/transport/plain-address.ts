import { SocketAddress } from 'node:net';

/**
 * The address of a peer as people write it (RFC 5952): that of IPv4 also where the socket is one of both families, that of IPv6 in
 * its short form. uWebSockets.js gives every zero of it.
 */
export function plainAddress(address: string): string {
  // With a zone, which only Node.js gives, it is in the short form already.
  if (!address.includes(':') || address.includes('%')) return address;
  const { address: short } = new SocketAddress({ address, family: 'ipv6' });
  return short.replace(/^::ffff:(?=\d+\.)/, '');
}
