import { parseDate, parseTime } from '#engine/dicom/encoding/date-time.js';
import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';

const studyDateTag = '00080020';
const studyTimeTag = '00080030';

/**
 * Where a study stands in its ordered key: newest first, those without a date, or a time of that date, last. One letter each says
 * what follows, in this order: `0` the study has a place that only its record can tell, `1` digits turned round so that the
 * latest sorts first, `2` there is none.
 */
export function studyOrderPart(attributes: JsonDataSet): string {
  const date = plainText(attributes, studyDateTag);
  const time = plainText(attributes, studyTimeTag);
  if (date === undefined || time === undefined) return unplacedPart;
  return placeOf(parseDate(date), parseTime(time)?.first);
}

/** Where a study stands in the study list: its part, NUL, its UID. Places sort as the studies do. */
export type StudyPlace = string;

export function studyPlace(part: string, studyInstanceUid: string): StudyPlace {
  return `${part}\0${studyInstanceUid}`;
}

export function studyOfPlace(place: StudyPlace): string {
  return place.slice(place.indexOf('\0') + 1);
}

/** Whether only the record of the study tells where it stands. */
export function isUnplaced(place: StudyPlace): boolean {
  return place.startsWith(unplacedPart);
}

/** The part of studies of a date `YYYYMMDD` and a time `HHMMSS.FFFFFF`, where they have them. */
export function placeOf(date: string | undefined, time: string | undefined): string {
  return orderedDigits(date) + orderedDigits(time);
}

/** Of studies whose date or time is written in a way that a key does not order. */
export const unplacedPart = '0';

/** Bounds of the parts of studies with a date from `from` to `to` (`YYYYMMDD`, both included), `end` itself excluded. */
export function studyOrderBounds(
  from: string | undefined,
  to: string | undefined,
): { readonly begin: string; readonly end: string } {
  if (from === undefined && to === undefined) return { begin: '1', end: '3' };
  return {
    begin: to === undefined ? '1' : orderedDigits(to),
    end: from === undefined ? '2' : `${orderedDigits(from)}~`,
  };
}

/** Text of an attribute with one value or none; undefined when more than digits and delimiters would have to be understood. */
function plainText(attributes: JsonDataSet, tag: string): string | undefined {
  const values = attributes[tag]?.Value ?? [];
  if (values.length > 1) return undefined;
  const [value = ''] = values;
  const text = typeof value === 'string' ? value.trim() : undefined;
  return text !== undefined && /^[\d.:]*$/.test(text) ? text : undefined;
}

function orderedDigits(text: string | undefined): string {
  if (text === undefined) return '2';
  return `1${text.replace(/\D/g, '').replace(/\d/g, (digit) => String(9 - Number(digit)))}`;
}
