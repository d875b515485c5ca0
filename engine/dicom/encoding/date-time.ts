import { trimPadding } from './padding.js';

/**
 * What a date or time of limited precision covers, both bounds included: `10` covers 10:00:00 to 10:59:59.999999. Bounds of one
 * kind have one length and compare as text in the order of time.
 */
export interface TimeSpan {
  readonly first: string;
  readonly last: string;
}

const date = /^(\d{4})(?:(\d{2})(\d{2})|\.(\d{2})\.(\d{2}))$/;
const time = /^(\d{2})(?::?(\d{2})(?::?(\d{2})(?:\.(\d{1,6}))?)?)?$/;
const dateTime = /^(\d{4})(?:(\d{2})(?:(\d{2})(\d[\d.]*)?)?)?([+-]\d{4})?$/;
const utcOffset = /^([+-])(\d{2})(\d{2})$/;

const wholeDay: TimeSpan = { first: '000000.000000', last: '235959.999999' };

const minuteMs = 60_000;
/** PS3.5 §6.2, DT: offsets range from −1200 to +1400. */
const offsetMinutesMin = -12 * 60;
const offsetMinutesMax = 14 * 60;

/**
 * A DA value as `YYYYMMDD`; the form `YYYY.MM.DD` of before DICOM 3.0 is accepted (PS3.5 §6.2, DA). Undefined if it is no day of
 * the calendar.
 */
export function parseDate(text: string): string | undefined {
  const match = date.exec(trimPadding(text, 'both-ends'));
  if (!match) return undefined;
  const [, year = '', month = match[4]!, day = match[5]!] = match;
  return isCalendarDay(year, month, day) ? year + month + day : undefined;
}

/**
 * A TM value as bounds `HHMMSS.FFFFFF`: `HH`, `HHMM`, `HHMMSS` with up to six fractional digits, and the form with colons of
 * before DICOM 3.0 (PS3.5 §6.2, TM). A leap second `60` is allowed. Undefined if it is no time of day.
 */
export function parseTime(text: string): TimeSpan | undefined {
  const match = time.exec(trimPadding(text, 'both-ends'));
  if (!match) return undefined;
  const [, hour = '', minute, second, fraction = ''] = match;
  if (hour > '23' || (minute ?? '') > '59' || (second ?? '') > '60') return undefined;
  return {
    first: `${hour}${minute ?? '00'}${second ?? '00'}.${fraction.padEnd(6, '0')}`,
    last: `${hour}${minute ?? '59'}${second ?? '59'}.${fraction.padEnd(6, '9')}`,
  };
}

/**
 * A DT value as bounds `YYYYMMDDHHMMSS.FFFFFF` in UTC. Components may be missing from the right (PS3.5 §6.2, DT). A value without
 * offset is taken to be `defaultOffsetMinutes` east of UTC, as Timezone Offset From UTC (0008,0201) says. Bounds outside the
 * years 0000 to 9999 are moved to the nearest inside. Undefined if it is no date and time.
 */
export function parseDateTime(text: string, defaultOffsetMinutes = 0): TimeSpan | undefined {
  const match = dateTime.exec(trimPadding(text, 'both-ends'));
  if (!match) return undefined;
  const [, year = '', month, day, timeOfDay, offset] = match;
  const offsetMinutes = offset === undefined ? defaultOffsetMinutes : parseUtcOffset(offset);
  const span = timeOfDay === undefined ? wholeDay : parseTime(timeOfDay);
  if (offsetMinutes === undefined || !span) return undefined;
  if (!isCalendarDay(year, month ?? '01', day ?? '01')) return undefined;
  const lastMonth = month ?? '12';
  const lastDay = day ?? String(daysInMonth(year, lastMonth));
  return {
    first: toUtc(`${year}${month ?? '01'}${day ?? '01'}${span.first}`, offsetMinutes),
    last: toUtc(`${year}${lastMonth}${lastDay}${span.last}`, offsetMinutes),
  };
}

/** Minutes east of UTC of `&ZZXX`, as in Timezone Offset From UTC (0008,0201); undefined if it is no such offset. */
export function parseUtcOffset(text: string): number | undefined {
  const match = utcOffset.exec(trimPadding(text, 'both-ends'));
  if (!match) return undefined;
  const [, sign, hours = '', minutes = ''] = match;
  const total = Number(hours) * 60 + Number(minutes);
  const offsetMinutes = sign === '-' ? 0 - total : total;
  const isValid =
    minutes <= '59' && offsetMinutes >= offsetMinutesMin && offsetMinutes <= offsetMinutesMax;
  return isValid ? offsetMinutes : undefined;
}

function isCalendarDay(year: string, month: string, day: string): boolean {
  if (month < '01' || month > '12' || day < '01') return false;
  return Number(day) <= daysInMonth(year, month);
}

function daysInMonth(year: string, month: string): number {
  if (month === '02') {
    const number = Number(year);
    return number % 4 === 0 && (number % 100 !== 0 || number % 400 === 0) ? 29 : 28;
  }
  return month === '04' || month === '06' || month === '09' || month === '11' ? 30 : 31;
}

/** Moves a bound from local time to UTC. Offsets are whole minutes: seconds and their fraction stay as they are. */
function toUtc(bound: string, offsetMinutes: number): string {
  if (offsetMinutes === 0) return bound;
  const minute = new Date(0);
  minute.setUTCFullYear(
    Number(bound.slice(0, 4)),
    Number(bound.slice(4, 6)) - 1,
    Number(bound.slice(6, 8)),
  );
  minute.setUTCHours(Number(bound.slice(8, 10)), Number(bound.slice(10, 12)));
  const utc = new Date(minute.getTime() - offsetMinutes * minuteMs);
  if (utc.getUTCFullYear() < 0) return '00000101000000.000000';
  if (utc.getUTCFullYear() > 9999) return '99991231235959.999999';
  const digits = utc.toISOString().replace(/\D/g, '').slice(0, 12);
  return digits + bound.slice(12);
}
