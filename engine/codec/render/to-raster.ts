import type { TakeMemory } from '#native-bindings/wasm/wasm-codec.js';
import type { AttributeReader } from './attribute-reader.js';
import { toRgb8 } from './colour.js';
import type { DecodedFrame } from './decode-samples.js';
import { fittingVoi, toGrey8, type PaddingRange, type PresentationTransform } from './grayscale.js';
import { readModalityTransform, type ModalityTransform } from './modality-lut.js';
import { paletteToRgb8 } from './palette-colour.js';
import { readPresentationLut, type PresentationState } from './presentation-state.js';
import type { Raster } from './raster.js';
import type { VoiWindow } from './rendering.js';
import { readVoiTransform, windowTransform, type VoiTransform } from './voi-lut.js';

/** One frame, what is said of it, and the presentation state that it is shown with. */
export interface Scene {
  readonly frame: DecodedFrame;
  readonly frameNumber: number;
  /** See `describingSources`. */
  readonly sources: readonly AttributeReader[];
  readonly state: PresentationState | undefined;
}

/**
 * The frames of one picture in 8 bits, in memory that `take` gives. Those without a window of their own get one that fits all of
 * them.
 */
export function toRasters(
  scenes: readonly Scene[],
  window: VoiWindow | undefined,
  take: TakeMemory,
): Raster[] {
  let common: VoiTransform | undefined;
  return scenes.map((scene) => {
    const { samples, image, photometricInterpretation } = scene.frame;
    const size = { width: image.columns, height: image.rows };
    if (image.samplesPerPixel === 3) {
      return { ...size, channels: 3, pixels: toRgb8(samples, image, photometricInterpretation) };
    }
    if (photometricInterpretation === 'PALETTE COLOR') {
      return { ...size, channels: 3, pixels: paletteToRgb8(samples, scene.sources.at(-1)!) };
    }
    const modality = modalityOf(scene);
    const voi = window === undefined ? readVoi(scene, modality) : windowTransform(window);
    common ??= voi ?? fittingTo(scenes, modality);
    const presentation = presentationOf(scene);
    const pixels = toGrey8(samples, { modality, voi: voi ?? common, presentation }, take);
    return { ...size, channels: 1, pixels };
  });
}

/** A presentation state says everything: what it leaves out is not taken from the image (PS3.4 §N.2.1). */
function modalityOf({ frame, sources, state }: Scene): ModalityTransform {
  const from = state === undefined ? sources : [state.attributes];
  return readModalityTransform(from, frame.image.isSigned);
}

function readVoi(
  { frame, sources, state }: Scene,
  modality: ModalityTransform,
): VoiTransform | undefined {
  const from = state === undefined ? sources : state.voi === undefined ? [] : [state.voi];
  return readVoiTransform(from, frame.image.isSigned || modality(0) < 0);
}

function presentationOf({ frame, sources, state }: Scene): PresentationTransform {
  if (state !== undefined) return state.presentation;
  const isInverted = frame.photometricInterpretation === 'MONOCHROME1';
  const presentation = readPresentationLut(sources.at(-1)!);
  return presentation ?? (isInverted ? (grey) => 1 - grey : (grey) => grey);
}

function fittingTo(scenes: readonly Scene[], modality: ModalityTransform): VoiTransform {
  const root = scenes[0]!.sources.at(-1)!;
  // The numbers of segments are few, and nothing says how many.
  const isLabelmap = root.text('00620001') === 'LABELMAP';
  return fittingVoi(
    scenes.map(({ frame }) => frame.samples),
    modality,
    { padding: readPadding(root), isWholeRange: !isLabelmap },
  );
}

function readPadding(root: AttributeReader): PaddingRange | undefined {
  const value = root.number('00280120');
  if (value === undefined) return undefined;
  const limit = root.number('00280121') ?? value;
  return { low: Math.min(value, limit), high: Math.max(value, limit) };
}
