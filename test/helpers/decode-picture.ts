import sharp from 'sharp';

/** Pixels of 8 bits, row by row, channels side by side. */
export interface DecodedPicture {
  readonly pixels: Buffer;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** A JPEG, PNG, WebP or GIF as pixels. */
export async function decodePicture(bytes: Uint8Array): Promise<DecodedPicture> {
  const image = sharp(bytes);
  const isGrey = (await image.metadata()).channels === 1;
  const pixels = isGrey ? image.toColourspace('b-w').raw() : image.raw();
  const { data, info } = await pixels.toBuffer({ resolveWithObject: true });
  return { pixels: data, width: info.width, height: info.height, channels: info.channels };
}

/** A portable grey map or pixel map (P5, P6) of 8 bits. */
export function readPnm(bytes: Buffer): DecodedPicture {
  const header = /^P([56])\s+(?:#[^\n]*\n)*\s*(\d+)\s+(\d+)\s+255\s/.exec(
    bytes.toString('latin1', 0, 200),
  );
  if (header === null) throw new Error('no portable map of 8 bits');
  const [head, kind, width, height] = header;
  return {
    pixels: bytes.subarray(head.length),
    width: Number(width),
    height: Number(height),
    channels: kind === '6' ? 3 : 1,
  };
}
