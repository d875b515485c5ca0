import type { AttributeReader } from './attribute-reader.js';
import { upright, type Orientation } from './geometry.js';
import { readGraphicAnnotations, type GraphicAnnotation } from './graphic-annotation.js';
import type { PresentationTransform } from './grayscale.js';
import { lookUp, readLookupTable } from './lookup-table.js';
import type { Region } from './rendering.js';

/** What a softcopy presentation state (PS3.3 §A.33, PS3.4 Annex N) says of one frame of an image. */
export interface PresentationState {
  /** Where Modality LUT, shutters and overlays are described. */
  readonly attributes: AttributeReader;
  /** The item of its Softcopy VOI LUT Sequence that is for the frame. */
  readonly voi: AttributeReader | undefined;
  readonly presentation: PresentationTransform;
  readonly orientation: Orientation;
  readonly displayedArea: Region | undefined;
  readonly annotations: readonly GraphicAnnotation[];
  /** Whether the overlays of a group of the image are shown. */
  isOverlayActive(group: string): boolean;
}

export function readPresentationState(
  attributes: AttributeReader,
  sopInstanceUid: string,
  frameNumber: number,
): PresentationState {
  const refersToImage = (item: AttributeReader): boolean =>
    refersTo(item, sopInstanceUid, frameNumber);
  return {
    attributes,
    voi: attributes.items('00283110').find(refersToImage),
    presentation: readPresentationLut(attributes) ?? ((grey) => grey),
    orientation: readOrientation(attributes),
    displayedArea: readDisplayedArea(attributes.items('0070005A').find(refersToImage)),
    annotations: readGraphicAnnotations(attributes, refersToImage),
    isOverlayActive: (group) => (attributes.text(`${group}1001`) ?? '') !== '',
  };
}

/** The Presentation LUT of an image or presentation state (PS3.3 §C.11.4, §C.11.6); undefined when it has none. */
export function readPresentationLut(
  attributes: AttributeReader,
): PresentationTransform | undefined {
  const item = attributes.item('20500010');
  const table = item && readLookupTable(item, '00283002', '00283006', false);
  if (table !== undefined) {
    const [last, top] = [table.entries.length - 1, 2 ** table.bits - 1];
    return (grey) => lookUp(table, table.first + Math.round(grey * last)) / top;
  }
  const shape = attributes.text('20500020');
  if (shape === 'INVERSE') return (grey) => 1 - grey;
  return shape === 'IDENTITY' ? (grey) => grey : undefined;
}

/** An item without a Referenced Image Sequence is for every image, one without frame numbers for every frame. */
function refersTo(item: AttributeReader, sopInstanceUid: string, frameNumber: number): boolean {
  const references = item.items('00081140');
  if (references.length === 0) return true;
  return references.some((reference) => {
    const frames = reference.numbers('00081160');
    const isFrame = frames.length === 0 || frames.includes(frameNumber);
    return isFrame && reference.text('00081155') === sopInstanceUid;
  });
}

/** PS3.3 §C.10.6: rotated first, then flipped, which is the same as being flipped about the other axis before a quarter turn. */
function readOrientation(attributes: AttributeReader): Orientation {
  const degrees = attributes.number('00700042') ?? 0;
  const rotation = ([90, 180, 270] as const).find((angle) => angle === degrees) ?? 0;
  if (attributes.text('00700041') !== 'Y') return { ...upright, rotation };
  const isTurned = rotation % 180 !== 0;
  return { rotation, isFlippedHorizontally: !isTurned, isFlippedVertically: isTurned };
}

/** PS3.3 §C.10.4. Corners are column and row from 1, named as they lie when the image has been turned. */
function readDisplayedArea(item: AttributeReader | undefined): Region | undefined {
  const [left, top] = item?.numbers('00700052') ?? [];
  const [right, bottom] = item?.numbers('00700053') ?? [];
  if (left === undefined || top === undefined || right === undefined || bottom === undefined) {
    return undefined;
  }
  return {
    x: Math.min(left, right) - 1,
    y: Math.min(top, bottom) - 1,
    width: Math.abs(right - left) + 1,
    height: Math.abs(bottom - top) + 1,
  };
}
