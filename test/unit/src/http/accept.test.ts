import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { acceptedMedia, coversType, negotiate } from '#src/http/accept.js';
import { parseQueryString } from '#src/http/query-string.js';

/** Compact form of what is accepted: `multipart type ts,ts`. */
function accepted(header: string | undefined, query = ''): string[] {
  return acceptedMedia(header, parseQueryString(query)).map((media) => {
    const form = media.isMultipart === undefined ? '?' : media.isMultipart ? 'multi' : 'single';
    return [form, media.type, ...media.transferSyntaxes].join(' ');
  });
}

describe('PS3.18 §8.7.5 the Accept header as real clients write it', () => {
  const rows: [string, string | undefined, string[]][] = [
    [
      'Cornerstone, unquoted',
      'multipart/related; type=application/octet-stream; transfer-syntax=*',
      ['multi application/octet-stream *'],
    ],
    [
      'OHIF 3.13, two types joined, quoted star',
      'application/dicom+json, multipart/related; type="application/octet-stream"; transfer-syntax="*"',
      ['multi application/octet-stream *', 'single application/dicom+json'],
    ],
    [
      'OHIF #3990, transfer-syntax twice',
      'multipart/related; type=application/octet-stream; transfer-syntax=*; transfer-syntax=*',
      ['multi application/octet-stream *'],
    ],
    [
      'Weasis, no spaces',
      'multipart/related;type="application/dicom";transfer-syntax=*',
      ['multi application/dicom *'],
    ],
    [
      'dicomweb-client, alternatives',
      'multipart/related; type="image/jls"; transfer-syntax=1.2.840.10008.1.2.4.80, multipart/related; type="application/octet-stream"',
      ['multi image/jls 1.2.840.10008.1.2.4.80', 'multi application/octet-stream'],
    ],
    [
      'dicomweb-client Python',
      'application/dicom+json, application/json',
      ['single application/dicom+json', 'single application/json'],
    ],
    ['browser', '*/*', ['? */*']],
    ['absent', undefined, ['? */*']],
    [
      'old names',
      'image/x-jls, image/x-dicom-rle, image/jph',
      ['single image/jls', 'single image/dicom-rle', 'single image/jphc'],
    ],
    ['upper case', 'Multipart/Related; Type="Application/DICOM"', ['multi application/dicom']],
    ['multipart without type', 'multipart/related', ['multi */*']],
    ['subtype range', 'image/*', ['? image/*']],
    ['nonsense', 'nonsense', []],
  ];
  for (const [name, header, expected] of rows) {
    test(name, () => assert.deepEqual(accepted(header), expected));
  }

  test('quality ranks, 0 excludes, the specific goes before ranges of equal quality', () => {
    assert.deepEqual(
      accepted('*/*, image/*, image/png;q=0.5, image/jpeg, image/gif;q=0, image/jp2;q=nonsense'),
      ['single image/jpeg', 'single image/jp2', '? image/*', '? */*', 'single image/png'],
    );
  });
});

describe('PS3.18 §8.7.8 the accept query parameter', () => {
  test('goes before the header, whatever its quality', () => {
    assert.deepEqual(accepted('image/png', 'accept=image/jpeg;q=0.1'), [
      'single image/jpeg',
      'single image/png',
    ]);
  });

  test('may be encoded or bare, and hold a plus that became a space', () => {
    assert.deepEqual(accepted('a/b', 'accept=image/jphc'), ['single image/jphc', 'single a/b']);
    assert.deepEqual(
      accepted('a/b', 'accept=application/dicom+json')[0],
      'single application/dicom+json',
    );
    const encoded = encodeURIComponent(
      'multipart/related; type="application/octet-stream"; transfer-syntax=*',
    );
    assert.deepEqual(accepted('*/*', `accept=${encoded}`), [
      'multi application/octet-stream *',
      '? */*',
    ]);
  });

  test('takes its transfer syntax from its own parameter, then from the transfer-syntax parameter', () => {
    assert.deepEqual(accepted('c/d', 'accept=a/b&transfer-syntax=1.2'), [
      'single a/b 1.2',
      'single c/d',
    ]);
    assert.deepEqual(
      accepted('c/d', 'accept=a/b;transfer-syntax=1.3&transfer-syntax=1.2')[0],
      'single a/b 1.3',
    );
  });
});

test('negotiate takes the first that can be represented, else refuses with what is supported', () => {
  const media = acceptedMedia('text/html, image/jpeg;q=0.5, image/*;q=0.1', []);
  const choose = (type: string): string =>
    negotiate(media, (m) => (coversType(m, type) ? m.type : undefined), type);
  assert.equal(choose('image/jpeg'), 'image/jpeg');
  assert.equal(choose('image/png'), 'image/*');
  assert.throws(() => choose('video/mp4'), {
    code: 'not-acceptable',
    detail: 'supported are video/mp4',
  });
});

test('of thousands of transfer syntaxes the first are looked at, however they are spread', () => {
  const syntaxes = (count: number): string =>
    Array.from({ length: count }, (_, n) => `; transfer-syntax=1.2.${n}`).join('');
  const countOf = (header: string): number =>
    acceptedMedia(header, []).reduce((sum, media) => sum + media.transferSyntaxes.length, 0);
  assert.equal(countOf(`application/dicom${syntaxes(30)}`), 30);
  assert.equal(countOf(`application/dicom${syntaxes(2000)}`), 64);
  const spread = Array.from({ length: 50 }, () => `application/dicom${syntaxes(40)}`).join();
  assert.equal(countOf(spread), 64);
  assert.deepEqual(accepted(`application/dicom${syntaxes(64)}, */*`).length, 1);
});
