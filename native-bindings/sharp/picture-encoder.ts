import sharp, { type Sharp } from 'sharp';

/** Pixels of 8 bits, row by row, channels side by side: grey, or red, green and blue. */
export interface PicturePixels {
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
}

export interface PictureOptions {
  readonly format: 'jpeg' | 'png' | 'webp' | 'gif';
  /** 1 to 100. */
  readonly quality: number;
  /** Size of the result. */
  readonly width: number;
  readonly height: number;
  /** Colour space that colours are converted to, whose profile comes along; without it they stay as they are. */
  readonly colourSpace?: ColourSpace;
}

export type ColourSpace = 'srgb' | 'displayp3';

/** One picture, and what is drawn over it: SVG of the size of the result. */
export interface PictureFrame {
  readonly picture: PicturePixels;
  readonly overlaySvg?: string;
}

// Each caller is a thread of its own and does one picture at a time; what it did is not asked for again.
sharp.concurrency(1);
sharp.cache(false);

/** Names that libvips has for them. */
const profiles: Readonly<Record<ColourSpace, string>> = { srgb: 'srgb', displayp3: 'p3' };

/** Scales, draws over and encodes one picture. Only pixels and our own SVG come in: no decoder of sharp sees foreign bytes. */
export async function encodePicture(
  frame: PictureFrame,
  options: PictureOptions,
): Promise<Uint8Array> {
  const { channels } = frame.picture;
  const image = compose(frame, options);
  const isGrey = channels === 1 && frame.overlaySvg === undefined;
  return encoded(isGrey ? image.toColourspace('b-w') : tagged(image, options), options).toBuffer();
}

/** A PNG of ours, with the colour profile that it carries, in the colour space wanted. Throws when the profile is none. */
export async function convertColours(
  png: Uint8Array,
  options: Omit<PictureOptions, 'width' | 'height'>,
): Promise<Uint8Array> {
  return encoded(tagged(sharp(png, { limitInputPixels: false }), options), options).toBuffer();
}

function tagged(image: Sharp, { colourSpace }: Pick<PictureOptions, 'colourSpace'>): Sharp {
  return colourSpace === undefined ? image : image.withIccProfile(profiles[colourSpace]);
}

/** An endless animation in `gif` or `webp`, with the same time for every frame. */
export async function encodeAnimation(
  frames: readonly PictureFrame[],
  options: PictureOptions & { readonly frameMs: number },
): Promise<Uint8Array> {
  const { width, height, frameMs } = options;
  const pages: Buffer[] = [];
  for (const frame of frames) {
    pages.push(await compose(frame, options).toColourspace('srgb').removeAlpha().raw().toBuffer());
  }
  const raw = { width, height: height * pages.length, channels: 3, pageHeight: height } as const;
  const image = sharp(Buffer.concat(pages), { raw, limitInputPixels: false });
  const delay = pages.map(() => frameMs);
  return options.format === 'webp'
    ? image.webp({ quality: options.quality, delay, loop: 0 }).toBuffer()
    : image.gif({ delay, loop: 0 }).toBuffer();
}

function compose({ picture, overlaySvg }: PictureFrame, { width, height }: PictureOptions): Sharp {
  const { pixels, channels } = picture;
  const raw = { width: picture.width, height: picture.height, channels };
  const image = sharp(pixels, { raw, limitInputPixels: false });
  const isScaled = picture.width !== width || picture.height !== height;
  const scaled = isScaled ? image.resize(width, height, { fit: 'fill' }) : image;
  return overlaySvg === undefined
    ? scaled
    : scaled.composite([{ input: Buffer.from(overlaySvg), top: 0, left: 0 }]);
}

function encoded(
  image: Sharp,
  { format, quality }: Pick<PictureOptions, 'format' | 'quality'>,
): Sharp {
  switch (format) {
    case 'jpeg':
      // Huffman tables made for the picture cost a second pass over it: a third of the time, for a few per cent of the size.
      return image.jpeg({
        quality,
        optimiseCoding: false,
        chromaSubsampling: quality >= 90 ? '4:4:4' : '4:2:0',
      });
    case 'png':
      return image.png({ compressionLevel: 6 });
    case 'webp':
      return image.webp({ quality });
    case 'gif':
      return image.gif();
  }
}
