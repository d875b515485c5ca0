import { after, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import type { QueryIndex } from '#engine/index/query-index.js';
import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';
import type { QueryCondition, QueryExpression } from '#engine/query/query-expression.js';
import {
  feedOfRecords,
  instanceRecord,
  seriesRecord,
  studyRecord,
} from '#test/helpers/record-builder.js';

const all: QueryExpression = {
  partition: 0,
  level: 'study',
  conditions: [],
  limit: 100,
  offset: 0,
};

/** What every QueryIndex does; `open` makes an empty one. */
export function describeQueryIndex(name: string, open: () => Promise<QueryIndex>): void {
  describe(`QueryIndex: ${name}`, () => {
    const opened: QueryIndex[] = [];
    const openEmpty = async (): Promise<QueryIndex> => {
      const index = await open();
      opened.push(index);
      return index;
    };
    after(async () => {
      for (const index of opened) await index.close();
    });

    test('is empty at sequence 0', async () => {
      const index = await openEmpty();
      assert.equal(index.appliedSequence, 0);
      assert.deepEqual(await index.query(all), { keys: [], isCut: false });
    });

    test('shows applied rows on their level', async () => {
      const index = await openEmpty();
      await index.apply([
        feedOfRecords(7, {
          studies: [studyRecord('1.1', 7)],
          series: [seriesRecord('1.1', '2.1', 7)],
          instances: [instanceRecord('1.1', '2.1', '3.1', 7)],
        }),
      ]);
      assert.equal(index.appliedSequence, 7);
      const keysOf = async (level: QueryExpression['level']): Promise<unknown> =>
        (await index.query({ ...all, level })).keys;
      const study = { studyInstanceUid: '1.1' };
      const series = { ...study, seriesInstanceUid: '2.1' };
      assert.deepEqual(await keysOf('study'), [study]);
      assert.deepEqual(await keysOf('series'), [series]);
      assert.deepEqual(await keysOf('instance'), [{ ...series, sopInstanceUid: '3.1' }]);
    });

    test('keys of one sequence match within one item (PS3.4 §C.2.2.2.6)', async () => {
      const index = await openEmpty();
      const item = (value: string, meaning?: string): JsonDataSet => ({
        '00080100': { vr: 'SH', Value: [value] },
        ...(meaning === undefined ? {} : { '00080104': { vr: 'LO', Value: [meaning] } }),
      });
      const study = studyRecord('1.1', 1, {
        '00081032': { vr: 'SQ', Value: [item('A', 'Head'), item('B', 'Neck'), item('C')] },
      });
      await index.apply([feedOfRecords(1, { studies: [study, studyRecord('1.2', 1)] })]);
      const found = async (...conditions: QueryCondition[]): Promise<unknown> =>
        (await index.query({ ...all, conditions })).keys.map((key) => key.studyInstanceUid);
      const code = { tag: '00081032', memberTag: '00080100' };
      const meaning = { tag: '00081032', memberTag: '00080104' };
      const is = (value: string): QueryCondition => ({ kind: 'equals', attribute: code, value });
      const means = (pattern: string): QueryCondition => ({
        kind: 'wildcard',
        attribute: meaning,
        pattern,
      });
      assert.deepEqual(await found(is('A'), means('He?d')), ['1.1']);
      assert.deepEqual(await found(is('A'), means('*eck')), []);
      assert.deepEqual(await found(is('A'), is('B')), []);
      const meansNothing: QueryCondition = { kind: 'empty', attribute: meaning };
      assert.deepEqual(await found(is('C'), meansNothing), ['1.1']);
      assert.deepEqual(await found(is('B'), meansNothing), []);
      assert.deepEqual(await found(meansNothing), ['1.1', '1.2']);
      assert.deepEqual(await found({ kind: 'empty', attribute: code }), ['1.2']);
    });

    test('replaces the versions of a study, in one batch and in several', async () => {
      const index = await openEmpty();
      const version = (sequence: number, name: string, replaced: number) =>
        feedOfRecords(
          sequence,
          {
            studies: [
              studyRecord('1.1', sequence, {
                '00100010': { vr: 'PN', Value: [{ Alphabetic: name }] },
              }),
            ],
            series: [seriesRecord('1.1', '2.1', sequence)],
            instances: [instanceRecord('1.1', '2.1', `3.${sequence}`, sequence)],
          },
          replaced,
        );
      await index.apply([version(1, 'first', 0), version(2, 'second', 1)]);
      await index.apply([version(3, 'third', 2)]);
      await index.apply([version(4, 'fourth', 3), version(5, 'fifth', 4)]);
      const named = async (value: string): Promise<number> =>
        (
          await index.query({
            ...all,
            conditions: [{ kind: 'equals', attribute: { tag: '00100010' }, value }],
          })
        ).keys.length;
      assert.deepEqual(
        [await named('first'), await named('third'), await named('fourth'), await named('FIFTH')],
        [0, 0, 0, 1],
      );
      assert.equal((await index.query({ ...all, level: 'series' })).keys.length, 1);
      assert.equal((await index.query({ ...all, level: 'instance' })).keys.length, 5);
    });

    test('a replayed row may be newer than its feed, and any version is replaced', async () => {
      const index = await openEmpty();
      await index.apply([feedOfRecords(1, { studies: [studyRecord('1.1', 1)] })]);
      await index.apply([feedOfRecords(2, { studies: [studyRecord('1.1', 4)] }, 1)]);
      await index.apply([feedOfRecords(3, { studies: [studyRecord('1.1', 3)] }, 1)]);
      await index.apply([feedOfRecords(4, { studies: [studyRecord('1.1', 4)] }, 3)]);
      assert.equal((await index.query(all)).keys.length, 1);
    });

    test('passes over feeds it has applied', async () => {
      const index = await openEmpty();
      const feed = feedOfRecords(3, {
        studies: [studyRecord('1.1', 3)],
        instances: [instanceRecord('1.1', '2.1', '3.1', 3)],
        series: [seriesRecord('1.1', '2.1', 3)],
      });
      await index.apply([feed]);
      await index.apply([feed]);
      assert.equal(index.appliedSequence, 3);
      assert.equal((await index.query({ ...all, level: 'instance' })).keys.length, 1);
    });

    test('takes removed rows out, in one batch with what is stored again and in several', async () => {
      const index = await openEmpty();
      const records = (sequence: number) => ({
        studies: [studyRecord('1.1', sequence)],
        series: [seriesRecord('1.1', '2.1', sequence)],
        instances: [instanceRecord('1.1', '2.1', '3.1', sequence)],
      });
      const removal = (sequence: number, removedSequence: number) => {
        const version = { studyInstanceUid: '1.1', sequence: removedSequence };
        const series = { ...version, seriesInstanceUid: '2.1' };
        const instances = [{ ...series, sopInstanceUid: '3.1' }];
        return feedOfRecords(sequence, {
          removed: { studies: [version], series: [series], instances },
        });
      };
      const counts = async (): Promise<number[]> => {
        const levels = ['study', 'series', 'instance'] as const;
        const pages = levels.map((level) => index.query({ ...all, level }));
        return (await Promise.all(pages)).map(({ keys }) => keys.length);
      };
      const other = {
        studies: [studyRecord('1.2', 1)],
        series: [seriesRecord('1.2', '2.1', 1)],
        instances: [instanceRecord('1.2', '2.1', '3.1', 1)],
      };
      await index.apply([feedOfRecords(1, other), feedOfRecords(2, records(2))]);
      assert.deepEqual(await counts(), [2, 2, 2]);
      await index.apply([removal(3, 2)]);
      assert.deepEqual(await counts(), [1, 1, 1]);
      await index.apply([feedOfRecords(4, records(4)), removal(5, 4)]);
      assert.deepEqual(await counts(), [1, 1, 1]);
      await index.apply([
        feedOfRecords(6, records(6)),
        removal(7, 6),
        feedOfRecords(8, records(8)),
      ]);
      assert.deepEqual(await counts(), [2, 2, 2]);
      await index.apply([removal(9, 8), feedOfRecords(10, records(10))]);
      assert.deepEqual(await counts(), [2, 2, 2]);
      await index.apply([removal(11, 1)]);
      assert.deepEqual(await counts(), [1, 1, 1]);
    });

    test('keeps partitions apart', async () => {
      const index = await openEmpty();
      await index.apply([feedOfRecords(1, { studies: [studyRecord('1.1', 1)] })]);
      await index.apply([
        { ...feedOfRecords(2, { studies: [studyRecord('1.1', 2)] }, 1), partition: 5 },
      ]);
      assert.equal((await index.query(all)).keys.length, 1);
      assert.equal((await index.query({ ...all, partition: 5 })).keys.length, 1);
      assert.equal((await index.query({ ...all, partition: 6 })).keys.length, 0);
    });

    test('pages newest studies first, those without date last, and says when it cuts', async () => {
      const index = await openEmpty();
      const dated = (uid: string, date: string) =>
        studyRecord(uid, 1, { '00080020': { vr: 'DA', Value: [date] } });
      await index.apply([
        feedOfRecords(1, {
          studies: [
            studyRecord('1.0', 1),
            dated('1.1', '20240101'),
            dated('1.3', '20250101'),
            dated('1.2', '20250101'),
          ],
        }),
      ]);
      const first = await index.query({ ...all, limit: 3 });
      assert.deepEqual(
        first.keys.map((key) => key.studyInstanceUid),
        ['1.2', '1.3', '1.1'],
      );
      assert.equal(first.isCut, true);
      const second = await index.query({ ...all, limit: 3, offset: 3 });
      assert.deepEqual(second, { keys: [{ studyInstanceUid: '1.0' }], isCut: false });
    });

    test('filters on the attributes of the levels above', async () => {
      const index = await openEmpty();
      await index.apply([
        feedOfRecords(1, {
          studies: [
            studyRecord('1.1', 1, { '00100020': { vr: 'LO', Value: ['P1'] } }),
            studyRecord('1.2', 1, { '00100020': { vr: 'LO', Value: ['P2'] } }),
          ],
          series: [
            seriesRecord('1.1', '2.1', 1, { '00080060': { vr: 'CS', Value: ['CT'] } }),
            seriesRecord('1.2', '2.1', 1, { '00080060': { vr: 'CS', Value: ['CT'] } }),
          ],
          instances: [
            instanceRecord('1.1', '2.1', '3.1', 1),
            instanceRecord('1.2', '2.1', '3.1', 1),
          ],
        }),
      ]);
      const page = await index.query({
        ...all,
        level: 'instance',
        conditions: [
          { kind: 'equals', attribute: { tag: '00100020' }, value: 'P2' },
          { kind: 'equals', attribute: { tag: '00080060' }, value: 'CT' },
        ],
      });
      assert.deepEqual(
        page.keys.map((key) => key.studyInstanceUid),
        ['1.2'],
      );
    });

    test('refuses attributes it cannot search', async () => {
      const index = await openEmpty();
      const query = {
        ...all,
        conditions: [{ kind: 'equals', attribute: { tag: '00080060' }, value: 'CT' } as const],
      };
      await assert.rejects(index.query(query), { code: 'bad-request' });
    });

    test('an aborted query rejects with the reason of its signal', async () => {
      const index = await openEmpty();
      const reason = new Error('not needed');
      await assert.rejects(index.query(all, AbortSignal.abort(reason)), reason);
    });
  });
}
