import type { HttpRequest } from '#engine/transport/http-transport.js';

/** How the service finds out under which URL its clients reach it. */
export interface PublicUrlPolicy {
  /** Fixed by configuration, such as `https://pacs.example/gantry`; goes before everything a request says. */
  readonly publicBaseUrl?: string;
  /** Addresses whose Forwarded and X-Forwarded-* headers are believed. */
  readonly trustedProxies: readonly string[];
  /** Whether the transport itself speaks TLS. */
  readonly isTls: boolean;
}

const hostPattern = /^[A-Za-z0-9._-]+(:[0-9]{1,5})?$|^\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?$/;
const prefixPattern = /^(\/[A-Za-z0-9._~-]+)*\/?$/;

/**
 * The URL, without a final slash, that RetrieveURL and BulkDataURI values begin with. Empty, for relative URLs, when the request
 * names no host that could stand in a URL.
 */
export function publicBaseUrl(request: HttpRequest, policy: PublicUrlPolicy): string {
  if (policy.publicBaseUrl !== undefined) return policy.publicBaseUrl.replace(/\/$/, '');
  const isTrusted = policy.trustedProxies.includes(request.remoteAddress);
  const forwarded = isTrusted ? forwardedBy(request) : {};
  const host = forwarded.host ?? request.header('host') ?? '';
  if (!hostPattern.test(host)) return '';
  const scheme = forwarded.scheme ?? (policy.isTls ? 'https' : 'http');
  return `${scheme}://${host}${forwarded.prefix ?? ''}`;
}

interface Forwarded {
  readonly scheme?: string;
  readonly host?: string;
  readonly prefix?: string;
}

/** What the proxy says, in the standard's header (RFC 7239) or the customary ones; the nearest client's entry comes first. */
function forwardedBy(request: HttpRequest): Forwarded {
  const standard = firstOf(request.header('forwarded')) ?? '';
  const scheme = (
    field(standard, 'proto') ?? firstOf(request.header('x-forwarded-proto'))
  )?.toLowerCase();
  const host = field(standard, 'host') ?? firstOf(request.header('x-forwarded-host'));
  const prefix = firstOf(request.header('x-forwarded-prefix'));
  return {
    ...(scheme === 'http' || scheme === 'https' ? { scheme } : {}),
    ...(host === undefined ? {} : { host }),
    ...(prefix !== undefined && prefixPattern.test(prefix)
      ? { prefix: prefix.replace(/\/$/, '') }
      : {}),
  };
}

function firstOf(list: string | undefined): string | undefined {
  return list?.split(',')[0]?.trim();
}

function field(forwarded: string, name: string): string | undefined {
  for (const pair of forwarded.split(';')) {
    const equals = pair.indexOf('=');
    if (equals < 0 || pair.slice(0, equals).trim().toLowerCase() !== name) continue;
    return pair
      .slice(equals + 1)
      .trim()
      .replace(/^"(.*)"$/, '$1');
  }
  return undefined;
}
