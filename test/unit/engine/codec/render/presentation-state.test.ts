import assert from 'node:assert/strict';
import { test } from 'node:test';
import { annotationSvg } from '#engine/codec/render/annotation-svg.js';
import { upright } from '#engine/codec/render/geometry.js';
import { readPresentationState } from '#engine/codec/render/presentation-state.js';
import { closeShutters } from '#engine/codec/render/shutter.js';
import { attributesOf } from '#test/helpers/attributes.js';

const cs = (...Value: string[]): { vr: string; Value: string[] } => ({ vr: 'CS', Value });
const numbers = (...Value: number[]): { vr: string; Value: number[] } => ({ vr: 'FL', Value });
const referring = (uid: string, frame: number): { vr: string; Value: object[] } => ({
  vr: 'SQ',
  Value: [{ '00081155': cs(uid), '00081160': numbers(frame) }],
});

const state = attributesOf({
  '00283110': {
    vr: 'SQ',
    Value: [
      { '00081140': referring('1.2', 2), '00281050': numbers(9) },
      { '00281050': numbers(5) },
    ],
  },
  '20500020': cs('INVERSE'),
  '00700042': numbers(90),
  '00700041': cs('Y'),
  '0070005A': { vr: 'SQ', Value: [{ '00700052': numbers(5, 2), '00700053': numbers(3, 8) }] },
  '00700001': {
    vr: 'SQ',
    Value: [
      {
        '00700009': {
          vr: 'SQ',
          Value: [
            {
              '00700005': cs('PIXEL'),
              '00700022': numbers(0, 0, 4, 4),
              '00700023': cs('POLYLINE'),
            },
            {
              '00700005': cs('DISPLAY'),
              '00700022': numbers(0.5, 0.5, 0.75, 0.5),
              '00700023': cs('CIRCLE'),
            },
          ],
        },
        '00700008': {
          vr: 'SQ',
          Value: [{ '00700006': cs('a < b'), '00700014': numbers(2, 2) }],
        },
      },
    ],
  },
});

test('PS3.4 §N.2 what a presentation state says of one frame', () => {
  const first = readPresentationState(state, '1.2', 1);
  assert.equal(first.voi?.number('00281050'), 5);
  assert.equal(readPresentationState(state, '1.2', 2).voi?.number('00281050'), 9);
  assert.equal(first.presentation(0.25), 0.75);
  assert.deepEqual(first.displayedArea, { x: 2, y: 1, width: 3, height: 7 });
  // Turned, then flipped: the same as flipped about the other axis, then turned.
  assert.deepEqual(first.orientation, {
    rotation: 90,
    isFlippedHorizontally: false,
    isFlippedVertically: true,
  });
  assert.equal(first.isOverlayActive('6000'), false);
});

test('annotations are drawn where the picture shows what they mark', () => {
  const { annotations } = readPresentationState(state, '1.2', 1);
  const region = { x: 0, y: 0, width: 8, height: 8 };
  const geometry = { region, orientation: upright, width: 80, height: 80 };
  const svg = annotationSvg(geometry, annotations, { left: [], right: [] }) ?? '';
  assert.ok(svg.includes('points="0,0 40,40"'), svg);
  assert.ok(svg.includes('points="60,40'), svg);
  assert.ok(svg.includes('a &#60; b') && svg.includes('x="20"'), svg);
  assert.equal(annotationSvg(geometry, [], { left: [], right: [] }), undefined);
});

test('PS3.3 §C.7.6.11 shutters hide what lies outside', () => {
  const shut = (dataSet: Parameters<typeof attributesOf>[0]): string => {
    const raster = { pixels: new Uint8Array(9).fill(9), width: 3, height: 3, channels: 1 } as const;
    closeShutters(raster, attributesOf(dataSet));
    return [...raster.pixels].map((grey) => (grey === 9 ? 'o' : '.')).join('');
  };
  const edges = {
    '00181602': numbers(0),
    '00181604': numbers(3),
    '00181606': numbers(1),
    '00181608': numbers(4),
  };
  assert.equal(shut({ '00181600': cs('RECTANGULAR'), ...edges }), '...oo.oo.');
  const circle = { '00181610': numbers(2, 2), '00181612': numbers(1) };
  assert.equal(shut({ '00181600': cs('CIRCULAR'), ...circle }), '.o.ooo.o.');
  assert.equal(shut({ '00181600': cs('CIRCULAR') }), 'ooooooooo');
  const triangle = numbers(0, 0, 0, 4.5, 4.5, 0);
  assert.equal(shut({ '00181600': cs('POLYGONAL'), '00181620': triangle }), 'ooooo.o..');
});
