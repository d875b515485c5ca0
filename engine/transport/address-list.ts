import { BlockList, isIP, isIPv6 } from 'node:net';
import { plainAddress } from './plain-address.js';

/** Whether the address of a peer is one of `allowed`, or in one of its networks (`10.1.0.0/16`). */
export function isAddressAmong(remoteAddress: string, allowed: readonly string[]): boolean {
  const address = plainAddress(remoteAddress);
  if (isIP(address) === 0) return false;
  const list = new BlockList();
  for (const entry of allowed) {
    const [network = '', prefixBits] = entry.split('/', 2);
    if (prefixBits === undefined) list.addAddress(network, familyOf(network));
    else list.addSubnet(network, Number(prefixBits), familyOf(network));
  }
  return list.check(address, familyOf(address));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}
