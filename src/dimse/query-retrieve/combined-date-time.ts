import { GantryError } from '#engine/base/error-catalogue.js';
import { readTemporalSpan, splitTemporalRange } from '#engine/query/temporal-values.js';
import type { TemporalSpan } from '#engine/query/temporal-values.js';
import type { MatchedRecords } from '#engine/query/row-to-json.js';
import { keyText } from './identifier.js';

/** Attributes that name a moment together. */
export const combinedPairs: readonly { readonly dateTag: string; readonly timeTag: string }[] = [
  { dateTag: '00080020', timeTag: '00080030' },
  { dateTag: '00080021', timeTag: '00080031' },
  { dateTag: '00080023', timeTag: '00080033' },
  { dateTag: '00100030', timeTag: '00100032' },
  { dateTag: '00400244', timeTag: '00400245' },
];

const dayStart = '000000.000000';
const dayEnd = '235959.999999';

/**
 * A range of moments given as a range of dates and one of times: from the first time of the first day to the last time of the
 * last (PS3.4 §C.2.2.2.5.2, combined datetime matching). The two alone would ask for those times on each day.
 */
export class CombinedRange {
  readonly dateTag: string;
  readonly timeTag: string;
  readonly #from: string | undefined;
  readonly #to: string | undefined;

  private constructor(
    tags: { readonly dateTag: string; readonly timeTag: string },
    from: string | undefined,
    to: string | undefined,
  ) {
    this.dateTag = tags.dateTag;
    this.timeTag = tags.timeTag;
    this.#from = from;
    this.#to = to;
  }

  /** The range that two keys state; undefined when they do not state one together. Throws `bad-request`. */
  static from(
    dateTag: string,
    timeTag: string,
    texts: { readonly date: string; readonly time: string },
  ): CombinedRange | undefined {
    const dates = splitTemporalRange('DA', texts.date);
    if (dates === undefined || texts.time === '') return undefined;
    const times = splitTemporalRange('TM', texts.time) ?? { from: texts.time, to: texts.time };
    const from =
      dates.from === undefined
        ? undefined
        : span('DA', dates.from).earliest +
          (times.from === undefined ? dayStart : span('TM', times.from).earliest);
    const to =
      dates.to === undefined
        ? undefined
        : span('DA', dates.to).latest +
          (times.to === undefined ? dayEnd : span('TM', times.to).latest);
    return new CombinedRange({ dateTag, timeTag }, from, to);
  }

  /** Whether the moment of a match lies in the range; a day without a time begins it. */
  includes({ study, series, instance }: MatchedRecords): boolean {
    for (const record of [study, series, instance]) {
      const dateText = keyText(record?.attributes[this.dateTag]);
      const date = readTemporalSpan('DA', dateText)?.earliest;
      if (record === undefined || date === undefined) continue;
      const timeText = keyText(record.attributes[this.timeTag]);
      const moment = date + (readTemporalSpan('TM', timeText)?.earliest ?? dayStart);
      return (
        (this.#from === undefined || moment >= this.#from) &&
        (this.#to === undefined || moment <= this.#to)
      );
    }
    return false;
  }
}

function span(vr: 'DA' | 'TM', text: string): TemporalSpan {
  const value = readTemporalSpan(vr, text);
  if (value === undefined) throw new GantryError('bad-request', `not a value of VR ${vr}`);
  return value;
}
