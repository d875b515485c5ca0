/** Headers of images and videos, as much as describes them: none of them can be decoded. */

export interface ImageShape {
  readonly rows: number;
  readonly columns: number;
  readonly components: 1 | 3;
}

/** A baseline JPEG with JFIF header, luminance sampled 2 × 1 in colour. */
export function buildJpeg({
  rows,
  columns,
  components,
  seed = 1,
}: ImageShape & { readonly seed?: number }): Buffer {
  const frame: number[] = [8, rows >> 8, rows & 255, columns >> 8, columns & 255, components];
  for (let n = 1; n <= components; n++) frame.push(n, n === 1 && components === 3 ? 0x21 : 0x11, 0);
  const scan: number[] = [components];
  for (let n = 1; n <= components; n++) scan.push(n, 0);
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    jpegSegment(0xe0, Buffer.from('JFIF\0\x01\x01\0\0\x01\0\x01\0\0', 'latin1')),
    jpegSegment(0xc0, Buffer.from(frame)),
    jpegSegment(0xda, Buffer.from([...scan, 0, 63, 0])),
    Buffer.alloc(20 + seed, seed),
    Buffer.from([0xff, 0xd9]),
  ]);
}

function jpegSegment(marker: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0xff, marker, 0, content.length + 2]), content]);
}

/** A JPEG 2000 codestream of one tile with a colour transform. */
export function buildJpeg2000(shape: ImageShape & { readonly isReversible: boolean }): Buffer {
  const { rows, columns, components, isReversible } = shape;
  const size = Buffer.alloc(38 + 3 * components);
  size.writeUInt16BE(size.length, 0);
  size.writeUInt32BE(columns, 4);
  size.writeUInt32BE(rows, 8);
  size.writeUInt32BE(columns, 20);
  size.writeUInt32BE(rows, 24);
  size.writeUInt16BE(components, 36);
  for (let n = 0; n < components; n++) size.set([7, 1, 1], 38 + 3 * n);
  const style = Buffer.from([
    0,
    12,
    0,
    0,
    0,
    1,
    components === 3 ? 1 : 0,
    5,
    4,
    4,
    0,
    isReversible ? 1 : 0,
  ]);
  return Buffer.concat([
    Buffer.from([0xff, 0x4f, 0xff, 0x51]),
    size,
    Buffer.from([0xff, 0x52]),
    style,
    Buffer.from([0xff, 0x90, 0, 10, 0, 0, 0, 0, 0, 18, 0, 1, 0xff, 0x93, 1, 2, 3, 4, 0xff, 0xd9]),
  ]);
}

/** A JP2 file around a codestream. */
export function buildJp2(codestream: Buffer): Buffer {
  const colour = box('colr', Buffer.from([1, 0, 0, 0, 0, 0, 16]));
  return Buffer.concat([
    box('jP  ', Buffer.from([13, 10, 0x87, 10])),
    box('ftyp', Buffer.from('jp2 \0\0\0\0jp2 ', 'latin1')),
    box('jp2h', colour),
    box('jp2c', codestream),
  ]);
}

export interface VideoShape {
  readonly rows: number;
  readonly columns: number;
  readonly frames: number;
  readonly durationMs: number;
}

/** An MP4 file with one track of H.264, level 4.1. */
export function buildMp4({ rows, columns, frames, durationMs }: VideoShape): Buffer {
  const mediaHeader = Buffer.alloc(24);
  mediaHeader.writeUInt32BE(1000, 12);
  mediaHeader.writeUInt32BE(durationMs, 16);
  const entry = Buffer.alloc(78);
  entry.writeUInt16BE(columns, 24);
  entry.writeUInt16BE(rows, 26);
  const avc = box('avc1', Buffer.concat([entry, box('avcC', Buffer.from([1, 100, 0, 41]))]));
  const sizes = Buffer.alloc(12);
  sizes.writeUInt32BE(frames, 8);
  const table = box(
    'stbl',
    Buffer.concat([
      box('stsd', Buffer.concat([Buffer.from([0, 0, 0, 0, 0, 0, 0, 1]), avc])),
      box('stsz', sizes),
    ]),
  );
  const media = Buffer.concat([
    box('mdhd', mediaHeader),
    box('hdlr', Buffer.from('\0\0\0\0\0\0\0\0vide\0\0\0\0', 'latin1')),
    box('minf', table),
  ]);
  return Buffer.concat([
    box('ftyp', Buffer.from('isom\0\0\0\0', 'latin1')),
    box('mdat', Buffer.alloc(1000, 3)),
    box('moov', box('trak', box('mdia', media))),
  ]);
}

function box(type: string, content: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(content.length + 8, 0);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, content]);
}
