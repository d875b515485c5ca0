import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { chooseFrameRepresentation } from '#src/dicomweb/wado/frame-representation.js';
import { acceptedMedia } from '#src/http/accept.js';
import { parseQueryString } from '#src/http/query-string.js';

const native = '1.2.840.10008.1.2.1';
const jpegLs = '1.2.840.10008.1.2.4.80';
const jpeg2000 = '1.2.840.10008.1.2.4.90';
const htj2k = '1.2.840.10008.1.2.4.201';
const htj2kRpcl = '1.2.840.10008.1.2.4.202';
const lossy = '1.2.840.10008.1.2.4.91';
const deflatedFrames = '1.2.840.10008.1.2.8.1';
const jpegXl = '1.2.840.10008.1.2.4.110';
const octets = (syntax?: string): string =>
  `multipart/related; type="application/octet-stream"${syntax === undefined ? '' : `; transfer-syntax=${syntax}`}`;

const reachable = new Map<string, readonly string[]>([
  [native, [jpegLs, jpeg2000, htj2k, htj2kRpcl]],
  [jpeg2000, [native, jpegLs, htj2k, htj2kRpcl]],
  [lossy, [native]],
  [jpegXl, []],
  [deflatedFrames, [native]],
]);

/** What is sent: `stored` or the UID, and the media type. */
function chosen(stored: string, header: string | undefined, query = ''): string {
  const { isStored, transferSyntaxUid, mediaType } = chooseFrameRepresentation(
    acceptedMedia(header, parseQueryString(query)),
    {
      transferSyntaxUid: stored,
      refusalOf: (uid) => (reachable.get(stored)?.includes(uid) === true ? undefined : 'no codec'),
    },
  );
  return `${isStored ? 'stored' : transferSyntaxUid} ${mediaType}`;
}

describe('PS3.18 §8.7.3.3 representation of frames', () => {
  const rows: [string, string, string | undefined, string, string?][] = [
    ['Cornerstone', jpeg2000, octets('*'), 'stored application/octet-stream'],
    [
      'octet-stream alone means little endian',
      jpeg2000,
      octets(),
      `${native} application/octet-stream`,
    ],
    [
      'octet-stream alone, one part',
      lossy,
      'application/octet-stream',
      `${native} application/octet-stream`,
    ],
    [
      'little endian also of frames that are octet-stream as stored',
      deflatedFrames,
      octets(),
      `${native} application/octet-stream`,
    ],
    ['little endian by name', jpeg2000, octets(native), `${native} application/octet-stream`],
    [
      'native frames are little endian already',
      native,
      octets(),
      'stored application/octet-stream',
    ],
    ['any', jpeg2000, '*/*', 'stored application/octet-stream'],
    ['nothing said', jpeg2000, undefined, 'stored application/octet-stream'],
    ['the stored image type', jpeg2000, 'image/jp2', 'stored image/jp2'],
    ['another image type', jpeg2000, 'image/jls', `${jpegLs} image/jls`],
    [
      'an image type by name',
      native,
      `image/jphc; transfer-syntax=${htj2kRpcl}`,
      `${htj2kRpcl} image/jphc`,
    ],
    ['an image type has a default', native, 'image/jphc', `${htj2k} image/jphc`],
    [
      'octet-stream in a compressed syntax',
      native,
      octets(jpegLs),
      `${jpegLs} application/octet-stream`,
    ],
    [
      'stored goes before converted at equal quality',
      jpeg2000,
      `image/jls, image/jp2`,
      'stored image/jp2',
    ],
    ['quality goes before stored', jpeg2000, `image/jls, image/jp2;q=0.5`, `${jpegLs} image/jls`],
    [
      'what cannot be had is passed over',
      lossy,
      `image/jls, ${octets()};q=0.5`,
      `${native} application/octet-stream`,
    ],
    [
      'the URL goes before the header',
      jpeg2000,
      octets('*'),
      `${jpegLs} image/jls`,
      'accept=image/jls',
    ],
  ];
  for (const [name, stored, header, expected, query] of rows) {
    test(name, () => assert.equal(chosen(stored, header, query), expected));
  }

  test('406 says why', () => {
    assert.throws(() => chosen(jpegXl, octets()), { code: 'not-acceptable', message: /no codec/ });
    assert.throws(() => chosen(lossy, 'image/jls'), { code: 'not-acceptable' });
    assert.throws(() => chosen(native, 'image/jpeg'), { code: 'not-acceptable' });
  });
});
