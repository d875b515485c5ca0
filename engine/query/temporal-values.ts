/**
 * DA, TM and DT values (PS3.5 §6.2) brought to texts of fixed width that compare like the moments they name. A value of less
 * precision covers a span: TM `10` is 10:00:00.000000 to 10:59:59.999999.
 */
export type TemporalVr = 'DA' | 'TM' | 'DT';

/**
 * First and last moment of a value. DA: `YYYYMMDD`; TM: `HHMMSS.FFFFFF`; DT: `YYYYMMDDHHMMSS.FFFFFF` in UTC, where a value
 * without an offset is taken as UTC.
 */
export interface TemporalSpan {
  readonly earliest: string;
  readonly latest: string;
}

export function isTemporalVr(vr: string): vr is TemporalVr {
  return vr === 'DA' || vr === 'TM' || vr === 'DT';
}

/** The span of one value, or undefined when it is not of the VR's form. Accepts the ACR-NEMA forms `YYYY.MM.DD`, `HH:MM:SS`. */
export function readTemporalSpan(vr: TemporalVr, text: string): TemporalSpan | undefined {
  if (vr === 'DA') return readDateSpan(text);
  return vr === 'TM' ? readTimeSpan(text) : readDateTimeSpan(text);
}

/** A range as its sender wrote it: `from` and `to` are still texts of the VR; both are missing for a lone hyphen. */
export interface TemporalRangeText {
  readonly from?: string;
  readonly to?: string;
}

/** Splits `a-b`, `a-` and `-b` (PS3.4 §C.2.2.2.5); undefined when `text` is one value and no range. */
export function splitTemporalRange(vr: TemporalVr, text: string): TemporalRangeText | undefined {
  const end = vr === 'DT' ? endOfDateTime(text) : text.indexOf('-');
  if (end < 0 || text[end] !== '-') return undefined;
  const from = text.slice(0, end).trim();
  const to = text.slice(end + 1).trim();
  return { ...(from === '' ? {} : { from }), ...(to === '' ? {} : { to }) };
}

const datePattern = /^(\d{4})(\.?)(\d{2})\2(\d{2})$/;
const timePattern = /^(\d{2})(?::?(\d{2})(?::?(\d{2})(?:\.(\d{1,6}))?)?)?$/;
const dateTimePattern =
  /^(\d{4})(?:(\d{2})(?:(\d{2})(?:(\d{2}(?:\d{2}(?:\d{2}(?:\.\d{1,6})?)?)?))?)?)?([+-]\d{4})?$/;

function readDateSpan(text: string): TemporalSpan | undefined {
  const match = datePattern.exec(text);
  if (match === null) return undefined;
  const [, year = '', , month = '', day = ''] = match;
  if (!isCalendarDay(year, month, day)) return undefined;
  const date = year + month + day;
  return { earliest: date, latest: date };
}

function readTimeSpan(text: string): TemporalSpan | undefined {
  const match = timePattern.exec(text);
  if (match === null) return undefined;
  const [, hour = '', minute, second, fraction = ''] = match;
  // A second of 60 is a leap second, PS3.5 §6.2.
  if (hour > '23' || (minute ?? '') > '59' || (second ?? '') > '60') return undefined;
  return {
    earliest: `${hour}${minute ?? '00'}${second ?? '00'}.${fraction.padEnd(6, '0')}`,
    latest: `${hour}${minute ?? '59'}${second ?? '59'}.${fraction.padEnd(6, '9')}`,
  };
}

function readDateTimeSpan(text: string): TemporalSpan | undefined {
  const match = dateTimePattern.exec(text);
  if (match === null) return undefined;
  const [, year = '', month, day, timeText, offset] = match;
  if ((month ?? '01') < '01' || (month ?? '01') > '12') return undefined;
  const lastMonth = month ?? '12';
  const lastDay = day ?? String(dayCountOf(Number(year), Number(lastMonth)));
  if (!isCalendarDay(year, lastMonth, lastDay)) return undefined;
  const time = timeText === undefined ? wholeDay : readTimeSpan(timeText);
  const offsetMinutes = readOffsetMinutes(offset);
  if (time === undefined || offsetMinutes === undefined) return undefined;
  return {
    earliest: toUtc(`${year}${month ?? '01'}${day ?? '01'}${time.earliest}`, offsetMinutes),
    latest: toUtc(`${year}${lastMonth}${lastDay}${time.latest}`, offsetMinutes),
  };
}

const wholeDay: TemporalSpan = { earliest: '000000.000000', latest: '235959.999999' };

/** Offsets go from -1200 to +1400 (PS3.5 §6.2, DT). */
const offsetHoursMax = 14;

function readOffsetMinutes(offset: string | undefined): number | undefined {
  if (offset === undefined) return 0;
  const hours = Number(offset.slice(1, 3));
  const minutes = Number(offset.slice(3));
  if (hours > offsetHoursMax || minutes > 59) return undefined;
  return (offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}

/** Moves a moment of DT form from its local time to UTC; one that would leave the years 0000–9999 stays where it is. */
function toUtc(moment: string, offsetMinutes: number): string {
  if (offsetMinutes === 0) return moment;
  const field = (start: number, end: number): number => Number(moment.slice(start, end));
  const date = new Date(0);
  date.setUTCFullYear(field(0, 4), field(4, 6) - 1, field(6, 8));
  date.setUTCHours(field(8, 10), field(10, 12) - offsetMinutes, field(12, 14));
  const year = date.getUTCFullYear();
  if (year < 0 || year > 9999) return moment;
  const two = (value: number): string => String(value).padStart(2, '0');
  return (
    String(year).padStart(4, '0') +
    two(date.getUTCMonth() + 1) +
    two(date.getUTCDate()) +
    two(date.getUTCHours()) +
    two(date.getUTCMinutes()) +
    two(date.getUTCSeconds()) +
    moment.slice(14)
  );
}

const dateTimeHead = /^\d+(?:\.\d+)?/;
const offsetSuffix = /^[+-]\d{4}(?=-|$)/;

/**
 * Position behind the DT value that `text` begins with. A hyphen and four digits can be an offset or the end of a range; they
 * are an offset when they can be one, because a year before 1401 cannot be meant (PS3.4 §C.2.2.2.5.3).
 */
function endOfDateTime(text: string): number {
  const head = dateTimeHead.exec(text)?.[0].length ?? 0;
  if (head === 0) return 0;
  const offset = offsetSuffix.exec(text.slice(head))?.[0];
  return offset !== undefined && readOffsetMinutes(offset) !== undefined
    ? head + offset.length
    : head;
}

function dayCountOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function isCalendarDay(year: string, month: string, day: string): boolean {
  const monthNumber = Number(month);
  const dayNumber = Number(day);
  if (monthNumber < 1 || monthNumber > 12 || dayNumber < 1) return false;
  return dayNumber <= dayCountOf(Number(year), monthNumber);
}
