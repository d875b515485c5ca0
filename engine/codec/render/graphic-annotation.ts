import { limits } from '#engine/base/limits.js';
import type { AttributeReader } from './attribute-reader.js';

/** Where the coordinates of an annotation count: in pixels of the image, or in parts of the picture. */
export type AnnotationUnits = 'pixel' | 'display';

/** An annotation of a presentation state, with curves as lines (PS3.3 §C.10.5). */
export type GraphicAnnotation =
  | {
      readonly kind: 'line';
      readonly units: AnnotationUnits;
      readonly points: readonly Point[];
      readonly isFilled: boolean;
    }
  | { readonly kind: 'point'; readonly units: AnnotationUnits; readonly at: Point }
  | {
      readonly kind: 'text';
      readonly units: AnnotationUnits;
      readonly at: Point;
      readonly lines: readonly string[];
      readonly alignment: 'start' | 'middle' | 'end';
    };

export type Point = readonly [x: number, y: number];

/** Annotations of the layers of a presentation state that refer to the image; as many as are sensible. */
export function readGraphicAnnotations(
  attributes: AttributeReader,
  refersToImage: (item: AttributeReader) => boolean,
): GraphicAnnotation[] {
  return attributes
    .items('00700001')
    .filter(refersToImage)
    .flatMap((item) => [
      ...item.items('00700009').flatMap(readGraphic),
      ...item.items('00700008').flatMap(readText),
    ])
    .slice(0, limits.graphicAnnotationsMax);
}

function readGraphic(item: AttributeReader): GraphicAnnotation[] {
  const units = unitsOf(item.text('00700005'));
  const points = pairs(item.numbers('00700022').slice(0, 2 * limits.graphicPointsMax));
  const isFilled = item.text('00700024') === 'Y';
  const [first, second, third, fourth] = points;
  if (first === undefined) return [];
  switch (item.text('00700023')) {
    case 'POINT':
      return [{ kind: 'point', units, at: first }];
    case 'POLYLINE':
    case 'INTERPOLATED':
      return [{ kind: 'line', units, points, isFilled }];
    case 'CIRCLE': {
      if (second === undefined) return [];
      const radius = Math.hypot(second[0] - first[0], second[1] - first[1]);
      const ring = ellipse(first, [radius, 0], [0, radius]);
      return [{ kind: 'line', units, points: ring, isFilled }];
    }
    case 'ELLIPSE': {
      // Ends of the major axis, then of the minor axis.
      if (second === undefined || third === undefined || fourth === undefined) return [];
      const ring = ellipse(middle(first, second), half(first, second), half(third, fourth));
      return [{ kind: 'line', units, points: ring, isFilled }];
    }
    default:
      return [];
  }
}

function readText(item: AttributeReader): GraphicAnnotation[] {
  const text = item.text('00700006') ?? '';
  const box = pairs([...item.numbers('00700010'), ...item.numbers('00700011')]);
  const [anchor] = pairs(item.numbers('00700014'));
  const [topLeft, bottomRight] = box;
  const lines = text.split(/\r\n|\r|\n/).slice(0, limits.graphicPointsMax);
  if (topLeft !== undefined && bottomRight !== undefined) {
    const units = unitsOf(item.text('00700003'));
    const alignment = alignments[item.text('00700012') ?? ''] ?? 'start';
    const parts = { start: 0, middle: 0.5, end: 1 } as const;
    const x = topLeft[0] + (bottomRight[0] - topLeft[0]) * parts[alignment];
    return [{ kind: 'text', units, at: [x, topLeft[1]], lines, alignment }];
  }
  if (anchor === undefined) return [];
  const units = unitsOf(item.text('00700004'));
  return [{ kind: 'text', units, at: anchor, lines, alignment: 'start' }];
}

const alignments: Readonly<Record<string, 'start' | 'middle' | 'end'>> = {
  LEFT: 'start',
  CENTER: 'middle',
  RIGHT: 'end',
};

const ellipseSteps = 72;

function ellipse(centre: Point, major: Point, minor: Point): Point[] {
  return Array.from({ length: ellipseSteps + 1 }, (_, n) => {
    const angle = (2 * Math.PI * n) / ellipseSteps;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    return [
      centre[0] + major[0] * cos + minor[0] * sin,
      centre[1] + major[1] * cos + minor[1] * sin,
    ];
  });
}

function middle(a: Point, b: Point): Point {
  return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
}

function half(a: Point, b: Point): Point {
  return [(b[0] - a[0]) / 2, (b[1] - a[1]) / 2];
}

function unitsOf(text: string | undefined): AnnotationUnits {
  return text === 'DISPLAY' ? 'display' : 'pixel';
}

function pairs(values: readonly number[]): Point[] {
  return Array.from({ length: values.length >> 1 }, (_, n) => [values[2 * n]!, values[2 * n + 1]!]);
}
