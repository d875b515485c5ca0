/** Formats that pixels are rendered to; `gif` and `webp` also hold several frames, as an animation. */
export type RenderedFormat = 'jpeg' | 'png' | 'webp' | 'gif';

/** A window of PS3.3 §C.11.2.1.2, in units of the modality LUT's output. */
export interface VoiWindow {
  readonly center: number;
  /** Greater than 0; at least 1 for `linear`. */
  readonly width: number;
  readonly function: 'linear' | 'linear-exact' | 'sigmoid';
}

/** The viewport of PS3.18 §8.3.5.1.3. */
export interface Viewport {
  /** Size that the image is scaled to fit into, in pixels. */
  readonly width: number;
  readonly height: number;
  /** Part of the image that is shown; what is left out reaches to the edge of the image. */
  readonly source?: Pick<Region, 'x' | 'y'> & Partial<Region>;
  readonly isFlippedHorizontally: boolean;
  readonly isFlippedVertically: boolean;
}

/** A rectangle of an image, in its pixels; it may reach beyond the image, where nothing is seen. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** How an image is to be rendered: the parameters of PS3.18 §8.3.5, checked. Equal parameters give equal bytes. */
export interface RenderParameters {
  readonly format: RenderedFormat;
  /** 1 to 100, of the formats that lose information. */
  readonly quality: number;
  /** In the place of the window that the image or presentation state has; images in colour have none. */
  readonly window?: VoiWindow;
  /** Without it the image has its own size. */
  readonly viewport?: Viewport;
  /** An image smaller than the viewport stays as it is. */
  readonly isNeverEnlarged: boolean;
  /** What is written over the image. */
  readonly annotations: readonly ('patient' | 'technique')[];
  /** Whether the colour profile of the image comes along, and in which colour space the pixels are. */
  readonly iccProfile: 'no' | 'yes' | 'srgb' | 'displayp3';
}

/** The attributes of an instance on their way to a renderer: its metadata, and the bulk values that rendering needs. */
export interface AttributeSource {
  /** One DICOM JSON object; BulkDataURIs are not used. */
  readonly json: Uint8Array;
  readonly bulkValues: readonly AttributeBulkValue[];
  /** Byte order of the bulk values. */
  readonly isBigEndian: boolean;
}

export interface AttributeBulkValue {
  /** Attribute path as in `BulkValue`. */
  readonly path: string;
  readonly vr: string;
  readonly bytes: Uint8Array;
}

/** One picture to make: of one frame, or an animation of several. */
export interface RenderTask {
  /** Moved. Native little endian pixels, or codestreams without item headers. */
  readonly frames: readonly Uint8Array[];
  /** 1-based, one for each of `frames`. */
  readonly frameNumbers: readonly number[];
  /** Explicit VR Little Endian stands for native frames. */
  readonly transferSyntaxUid: string;
  readonly image: AttributeSource;
  /** The softcopy presentation state that the image is shown with (PS3.3 §A.33). */
  readonly presentationState?: AttributeSource;
  /** Of the image: a presentation state names it so. */
  readonly sopInstanceUid: string;
  /** Largest frame, in samples, and largest picture. */
  readonly framePixelsMax: number;
  readonly parameters: RenderParameters;
}
