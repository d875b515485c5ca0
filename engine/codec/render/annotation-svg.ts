import type { AttributeReader } from './attribute-reader.js';
import { escapeXml } from './escape-xml.js';
import { pointMapping, type Geometry } from './geometry.js';
import type { GraphicAnnotation, Point } from './graphic-annotation.js';
import type { RenderParameters } from './rendering.js';

/** What is written and drawn over a picture, as SVG of its size; undefined when there is nothing. */
export function annotationSvg(
  geometry: Geometry,
  graphics: readonly GraphicAnnotation[],
  corners: CornerTexts,
): string | undefined {
  const { width, height } = geometry;
  const fontSize = Math.max(9, Math.round(Math.min(width, height) / 32));
  const style = { fontSize, lineWidth: Math.max(1, Math.min(width, height) / 400) };
  const toPicture = pointMapping(geometry);
  const shapes = graphics.map((graphic) => {
    const place = ([x, y]: Point): Point =>
      graphic.units === 'display' ? [x * width, y * height] : toPicture(x, y);
    return shapeOf(graphic, place, style);
  });
  const left = corners.left.map((line, n) => textAt([fontSize / 2, fontSize * (n + 1.2)], line));
  const right = corners.right.map((line, n) =>
    textAt([width - fontSize / 2, fontSize * (n + 1.2)], line, 'end'),
  );
  if (shapes.length + left.length + right.length === 0) return undefined;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
      `font-family="sans-serif" font-size="${fontSize}">`,
    `<g fill="white" stroke="black" stroke-width="${fontSize / 6}" paint-order="stroke">`,
    ...left,
    ...right,
    '</g>',
    ...shapes,
    '</svg>',
  ].join('');
}

/** Lines in the upper corners. */
export interface CornerTexts {
  readonly left: readonly string[];
  readonly right: readonly string[];
}

const lineLengthMax = 64;

/** Who the patient is, and how the image was made (PS3.18 §8.3.5.1.1). */
export function cornerTexts(
  attributes: AttributeReader,
  annotations: RenderParameters['annotations'],
): CornerTexts {
  const lines = (rows: readonly (readonly [label: string, tag: string])[]): string[] =>
    rows.flatMap(([label, tag]) => {
      const value = attributes.text(tag) ?? '';
      return value === '' ? [] : [`${label}${value}`.slice(0, lineLengthMax)];
    });
  return {
    left: annotations.includes('patient') ? lines(patientRows) : [],
    right: annotations.includes('technique') ? lines(techniqueRows) : [],
  };
}

const patientRows = [
  ['', '00100010'],
  ['ID ', '00100020'],
  ['born ', '00100030'],
  ['sex ', '00100040'],
] as const;

const techniqueRows = [
  ['', '00080060'],
  ['', '00080020'],
  ['', '00081030'],
  ['', '0008103E'],
  ['series ', '00200011'],
  ['image ', '00200013'],
  ['kVp ', '00180060'],
  ['mAs ', '00181152'],
  ['slice mm ', '00180050'],
  ['TR ', '00180080'],
  ['TE ', '00180081'],
] as const;

interface Style {
  readonly fontSize: number;
  readonly lineWidth: number;
}

function shapeOf(
  graphic: GraphicAnnotation,
  place: (point: Point) => Point,
  { fontSize, lineWidth }: Style,
): string {
  if (graphic.kind === 'line') {
    const points = graphic.points.map((point) => place(point).map(rounded).join(',')).join(' ');
    const fill = graphic.isFilled ? 'yellow' : 'none';
    return `<polyline points="${points}" fill="${fill}" stroke="yellow" stroke-width="${lineWidth}"/>`;
  }
  const [x, y] = place(graphic.at);
  if (graphic.kind === 'point') {
    return `<circle cx="${rounded(x)}" cy="${rounded(y)}" r="${lineWidth * 2}" fill="yellow"/>`;
  }
  const lines = graphic.lines.map((line, n) =>
    textAt([x, y + fontSize * (n + 1)], line, graphic.alignment),
  );
  return `<g fill="yellow" stroke="black" stroke-width="${fontSize / 6}" paint-order="stroke">${lines.join('')}</g>`;
}

function textAt([x, y]: Point, line: string, anchor = 'start'): string {
  return `<text x="${rounded(x)}" y="${rounded(y)}" text-anchor="${anchor}">${escapeXml(line)}</text>`;
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
