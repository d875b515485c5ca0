import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GantryError, type ErrorCode } from '#engine/base/error-catalogue.js';
import type { StoreOutcome } from '#engine/engine-types.js';
import { dialects, type DialectName } from '#src/dicomweb/dialect.js';
import {
  storeResponse,
  type PartOutcome,
  type StoreResponse,
  type StoreResponseOptions,
} from '#src/dicomweb/stow/store-response.js';

const url = 'http://host/dicom-web/studies';

const respond = (
  outcomes: readonly PartOutcome[],
  dialect: DialectName = 'standard',
  more: Partial<StoreResponseOptions> = {},
): StoreResponse =>
  storeResponse(outcomes, {
    studiesUrl: url,
    dialect: dialects[dialect],
    isOneStudy: false,
    isUpsert: false,
    ...more,
  });

const stored = (warnings: { tag: string; reason: string }[] = []): StoreOutcome => ({
  result: 'stored',
  studyInstanceUid: '1.2',
  seriesInstanceUid: '1.3',
  sopInstanceUid: '1.4',
  sopClassUid: '1.5',
  transferSyntaxUid: '1.2.840.10008.1.2.1',
  warnings,
});

const failed = (code: ErrorCode, uids = {}): StoreOutcome => ({
  result: 'failed',
  error: new GantryError(code, 'why'),
  ...uids,
});

describe('PS3.18 §10.5.3 Store response', () => {
  test('status says what became of the whole request', () => {
    const cases: [StoreOutcome[], number][] = [
      [[stored()], 200],
      [[{ ...stored(), result: 'identical' } as StoreOutcome], 200],
      [[stored([{ tag: '00100010', reason: 'undecodable text' }])], 202],
      [[stored(), failed('not-dicom')], 202],
      [[failed('not-dicom')], 400],
      [[failed('not-dicom'), failed('truncated')], 400],
      [[failed('duplicate')], 409],
      [[failed('duplicate'), failed('not-dicom')], 409],
      [[failed('study-mismatch')], 409],
      [[failed('out-of-resources'), failed('not-dicom')], 503],
      [[failed('storage-full')], 507],
      [[failed('unsupported-media-type')], 415],
    ];
    for (const [outcomes, status] of cases) assert.equal(respond(outcomes).status, status);
  });

  test('every part is named once, among the stored or the failed', () => {
    const { dataSet } = respond([
      stored(),
      failed('duplicate', { sopClassUid: '1.5', sopInstanceUid: '1.6' }),
    ]);
    assert.deepEqual(dataSet, {
      '00081190': { vr: 'UR', Value: [`${url}/1.2`] },
      '00081198': {
        vr: 'SQ',
        Value: [
          {
            '00081150': { vr: 'UI', Value: ['1.5'] },
            '00081155': { vr: 'UI', Value: ['1.6'] },
            '00081197': { vr: 'US', Value: [45070] },
            '00741048': {
              vr: 'SQ',
              Value: [
                {
                  '00000902': {
                    vr: 'LO',
                    Value: ['an instance with the same UIDs is already stored: why'],
                  },
                },
              ],
            },
          },
        ],
      },
      '00081199': {
        vr: 'SQ',
        Value: [
          {
            '00081150': { vr: 'UI', Value: ['1.5'] },
            '00081155': { vr: 'UI', Value: ['1.4'] },
            '00081190': { vr: 'UR', Value: [`${url}/1.2/series/1.3/instances/1.4`] },
          },
        ],
      },
    });
  });

  test('sequences without items are left out', () => {
    assert.deepEqual(Object.keys(respond([stored()]).dataSet), ['00081190', '00081199']);
    assert.deepEqual(Object.keys(respond([failed('truncated')]).dataSet), ['00081190', '00081198']);
  });

  test('a warning carries its reason and the attribute', () => {
    const { dataSet } = respond([stored([{ tag: '00100010', reason: 'bad text' }])]);
    const item = dataSet['00081199']!.Value![0] as Record<string, { Value: unknown[] }>;
    assert.deepEqual(item['00081196']!.Value, [45063]);
    assert.deepEqual(item['00741048']!.Value, [
      { '00000902': { vr: 'LO', Value: ['(0010,0010) - bad text'] } },
    ]);
  });
});
