import type { AttributeReader } from './attribute-reader.js';

const sharedFunctionalGroupsTag = '52009229';
const perFrameFunctionalGroupsTag = '52009230';

/** The data sets that describe one frame, the most specific first: its functional groups, the shared ones, the root. */
export function describingSources(
  attributes: AttributeReader,
  frameNumber: number,
): readonly AttributeReader[] {
  const perFrame = attributes.items(perFrameFunctionalGroupsTag)[frameNumber - 1];
  const shared = attributes.item(sharedFunctionalGroupsTag);
  return [perFrame, shared, attributes].filter((source) => source !== undefined);
}

/** Height of a pixel divided by its width: Pixel Spacing, its like of projection images, or Pixel Aspect Ratio. */
export function readPixelAspect(sources: readonly AttributeReader[]): number {
  for (const source of sources) {
    const measures = source.item('00289110') ?? source;
    for (const tag of ['00280030', '00181164', '00182010', '00280034']) {
      const [vertical, horizontal] = measures.numbers(tag);
      const aspect = (vertical ?? 0) / (horizontal ?? 0);
      if (aspect >= 1 / aspectMax && aspect <= aspectMax) return aspect;
    }
  }
  return 1;
}

/** What says more is a slip: no image has pixels like that. */
const aspectMax = 20;

/** How long a frame is shown, in milliseconds (PS3.3 §C.7.6.5). */
export function readFrameMs(attributes: AttributeReader): number {
  const perSecond = attributes.number('00082144') ?? attributes.number('00180040');
  const frameMs =
    attributes.number('00181063') ?? (perSecond === undefined ? 100 : 1000 / perSecond);
  return Math.round(Math.min(Math.max(frameMs, frameMsMin), frameMsMax));
}

/** Browsers slow down animations that are faster. */
const frameMsMin = 20;
const frameMsMax = 10_000;
