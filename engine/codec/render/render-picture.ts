import { GantryError } from '#engine/base/error-catalogue.js';
import { RecycledMemory } from '#engine/base/recycled-memory.js';
import {
  convertColours,
  encodeAnimation,
  encodePicture,
  type PictureFrame,
  type PictureOptions,
} from '#native-bindings/sharp/picture-encoder.js';
import type { TakeMemory } from '#native-bindings/wasm/wasm-codec.js';
import type { CodecSet } from '../codec-set.js';
import { annotationSvg, cornerTexts } from './annotation-svg.js';
import { AttributeReader } from './attribute-reader.js';
import { sampleDecoder } from './decode-samples.js';
import { describingSources, readFrameMs, readPixelAspect } from './frame-attributes.js';
import { cutAndTurn, planGeometry, upright, type Geometry } from './geometry.js';
import { embedIccProfile, readIccProfile } from './icc-profile.js';
import { drawOverlay, readOverlayPlanes } from './overlay-plane.js';
import { readPresentationState } from './presentation-state.js';
import type { Raster } from './raster.js';
import type { RenderParameters, RenderTask } from './rendering.js';
import { closeShutters } from './shutter.js';
import { toRasters, type Scene } from './to-raster.js';

/** Of decoded frames and their 8 bits, from one picture to the next. */
const memory = new RecycledMemory(8 * 1024 * 1024);

/**
 * Makes the picture of a task: frames decoded, through the transformations of PS3.4 §N.2 to 8 bits, overlays drawn, cut, turned,
 * scaled, annotated and encoded. Several frames become an animation. Throws `not-acceptable` for images that are not rendered,
 * `corrupt`, and `bad-request` for a region or size out of bounds.
 */
export async function renderPicture(task: RenderTask, codecs: CodecSet): Promise<Uint8Array> {
  const taken: ArrayBuffer[] = [];
  const take: TakeMemory = (length) => {
    const buffer = memory.take(length);
    taken.push(buffer);
    return new Uint8Array(buffer, 0, length);
  };
  try {
    return await renderIn(take, task, codecs);
  } finally {
    for (const buffer of taken) memory.giveBack(buffer);
  }
}

async function renderIn(take: TakeMemory, task: RenderTask, codecs: CodecSet): Promise<Uint8Array> {
  const attributes = AttributeReader.open(task.image);
  const scenes = await decodeScenes(task, attributes, codecs, take);
  const geometry = planFor(task, scenes[0]!);
  const corners = cornerTexts(attributes, task.parameters.annotations);
  const rasters = toRasters(scenes, task.parameters.window, take);
  const frames = rasters.map((raster, n): PictureFrame => {
    const scene = scenes[n]!;
    drawOver(raster, scene);
    const picture = cutAndTurn(raster, geometry);
    const overlaySvg = annotationSvg(geometry, scene.state?.annotations ?? [], corners);
    return overlaySvg === undefined ? { picture } : { picture, overlaySvg };
  });
  const { format, quality } = task.parameters;
  const { width, height } = geometry;
  const [only, another] = frames;
  if (another === undefined) {
    const size = { format, quality, width, height };
    return encodeWithProfile(only!, size, task.parameters, readIccProfile(attributes));
  }
  const [first = 1, second = first] = task.frameNumbers;
  const frameMs = readFrameMs(attributes) * Math.max(1, second - first);
  return encodeAnimation(frames, { format, quality, width, height, frameMs });
}

/** The colour profile of the picture, PS3.18 §8.3.5.1.5. What shows only greys has none. */
async function encodeWithProfile(
  frame: PictureFrame,
  options: PictureOptions,
  { iccProfile }: RenderParameters,
  profile: Uint8Array | undefined,
): Promise<Uint8Array> {
  if (iccProfile === 'no' || frame.picture.channels === 1) return encodePicture(frame, options);
  const colourSpace = iccProfile === 'yes' ? 'srgb' : iccProfile;
  // Without a profile of its own a picture counts as sRGB.
  if (profile === undefined) return encodePicture(frame, { ...options, colourSpace });
  if (iccProfile === 'yes') {
    return embedIccProfile(await encodePicture(frame, options), options.format, profile);
  }
  const png = await encodePicture(frame, { ...options, format: 'png' });
  const { format, quality } = options;
  try {
    const withProfile = embedIccProfile(png, 'png', profile);
    return await convertColours(withProfile, { format, quality, colourSpace });
  } catch (cause) {
    throw new GantryError('not-acceptable', 'the colour profile cannot be used', { cause });
  }
}

async function decodeScenes(
  task: RenderTask,
  attributes: AttributeReader,
  codecs: CodecSet,
  take: TakeMemory,
): Promise<Scene[]> {
  const decode = sampleDecoder(task, attributes, codecs, take);
  const state = task.presentationState && AttributeReader.open(task.presentationState);
  const scenes: Scene[] = [];
  for (const [n, frame] of task.frames.entries()) {
    const frameNumber = task.frameNumbers[n]!;
    scenes.push({
      frame: await decode(frame),
      frameNumber,
      sources: describingSources(attributes, frameNumber),
      state: state && readPresentationState(state, task.sopInstanceUid, frameNumber),
    });
  }
  return scenes;
}

function planFor(
  { parameters, framePixelsMax }: RenderTask,
  { frame, sources, state }: Scene,
): Geometry {
  const displayedArea = state?.displayedArea;
  return planGeometry(
    {
      width: frame.image.columns,
      height: frame.image.rows,
      orientation: state?.orientation ?? upright,
      pixelAspect: readPixelAspect(sources),
      ...(displayedArea === undefined ? {} : { displayedArea }),
    },
    parameters.viewport,
    { isNeverEnlarged: parameters.isNeverEnlarged, pixelsMax: framePixelsMax },
  );
}

/** Overlays of the image, those of the presentation state, and its shutters. */
function drawOver(raster: Raster, { frame, frameNumber, sources, state }: Scene): void {
  const overlaid = { samples: frame.samples, columns: frame.image.columns, frameNumber };
  const isShown = (group: string): boolean => state === undefined || state.isOverlayActive(group);
  const planes = readOverlayPlanes(sources.at(-1)!, overlaid, isShown);
  const ofState = state && readOverlayPlanes(state.attributes, overlaid, isShown);
  if (state !== undefined) closeShutters(raster, state.attributes);
  for (const plane of [...planes, ...(ofState ?? [])]) drawOverlay(raster, plane);
}
