import { GantryError } from '#engine/base/error-catalogue.js';
import { readColumnValues, type IndexColumn, type IndexedRecord } from './index-columns.js';
import type { MomentRange } from './query-expression.js';
import { toSearchText } from '#engine/dicom/encoding/search-text.js';
import { readTemporalSpan, splitTemporalRange, type TemporalSpan } from './temporal-values.js';

/** Attributes that name a moment together. */
export const dateTimePairs: readonly { readonly dateTag: string; readonly timeTag: string }[] = [
  { dateTag: '00080020', timeTag: '00080030' },
  { dateTag: '00080021', timeTag: '00080031' },
  { dateTag: '00080023', timeTag: '00080033' },
  { dateTag: '00100030', timeTag: '00100032' },
  { dateTag: '00400244', timeTag: '00400245' },
];

/** A day without a time begins it. */
export const dayStart = '000000.000000';
const dayEnd = '235959.999999';

/**
 * A range of moments given as a range of dates and a value or range of times: from the first time of the first day to the last
 * time of the last (PS3.4 §C.2.2.2.5, combined datetime matching). The two alone would ask for those times on each day. Undefined
 * when the two texts do not state one together. Throws `bad-request`.
 */
export function combineDateTime(
  pair: { readonly dateTag: string; readonly timeTag: string },
  texts: { readonly date: string; readonly time: string },
): MomentRange | undefined {
  const dates = splitTemporalRange('DA', toSearchText(texts.date));
  const time = toSearchText(texts.time);
  if (dates === undefined || time === '') return undefined;
  const times = splitTemporalRange('TM', time) ?? { from: time, to: time };
  if (dates.from === undefined && dates.to === undefined) {
    throw new GantryError('bad-request', 'the range has no bound');
  }
  const earliest = times.from === undefined ? dayStart : span('TM', times.from).earliest;
  const latest = times.to === undefined ? dayEnd : span('TM', times.to).latest;
  return {
    kind: 'moment-range',
    attribute: { tag: pair.dateTag },
    timeAttribute: { tag: pair.timeTag },
    ...(dates.from === undefined ? {} : { from: span('DA', dates.from).earliest + earliest }),
    ...(dates.to === undefined ? {} : { to: span('DA', dates.to).latest + latest }),
  };
}

function span(vr: 'DA' | 'TM', text: string): TemporalSpan {
  const value = readTemporalSpan(vr, text);
  if (value === undefined) throw new GantryError('bad-request', `not a value of VR ${vr}`);
  return value;
}

/** The moment that a record's date and time name, in the form of the bounds; none without a date. */
export function readMoments(
  dateColumn: IndexColumn,
  timeColumn: IndexColumn,
  record: IndexedRecord,
): string[] {
  const [date] = readColumnValues(dateColumn, record);
  if (date === undefined) return [];
  const [time] = readColumnValues(timeColumn, record);
  return [`${date}${time ?? dayStart}`];
}
