/** How the bytes of a representation travel (RFC 9110 §8.4). */
export type ContentEncoding = 'identity' | 'gzip' | 'br';

const encodings: ReadonlyMap<string, ContentEncoding> = new Map([
  ['br', 'br'],
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['*', 'gzip'],
]);

/**
 * What an Accept-Encoding header likes best of what we have (RFC 9110 §12.5.3). Liked equally, gzip goes before brotli, which
 * takes longer for the little that it saves. Without a header, and where nothing else is left, nothing is encoded.
 */
export function chooseContentEncoding(header: string | undefined): ContentEncoding {
  const qualities = new Map<ContentEncoding, number>();
  for (const item of (header ?? '').toLowerCase().split(',')) {
    const [name = '', ...parameters] = item.split(';').map((text) => text.trim());
    const encoding = encodings.get(name);
    if (encoding === undefined || (name === '*' && qualities.has(encoding))) continue;
    qualities.set(encoding, qualityOf(parameters));
  }
  const gzip = qualities.get('gzip') ?? 0;
  const br = qualities.get('br') ?? 0;
  if (gzip === 0 && br === 0) return 'identity';
  return gzip >= br ? 'gzip' : 'br';
}

function qualityOf(parameters: readonly string[]): number {
  const text = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
  if (text === undefined) return 1;
  return /^[0-9]*\.?[0-9]+$/.test(text) ? Math.min(1, Number(text)) : 0;
}
