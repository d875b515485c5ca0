import { hashedIndex, hashedNumber } from './random-source.js';

/** What is known of a generated study without making its bytes; the checks of the QIDO cases are computed from it. */
export interface PlannedStudy {
  readonly index: number;
  readonly studyInstanceUid: string;
  readonly patientId: string;
  /** `Family^Given`, ASCII, always of {@link PATIENT_NAME_LENGTH}. */
  readonly patientName: string;
  /** Padded to even length (PS3.5 §6.2). */
  readonly patientSex: 'F ' | 'M ';
  /** YYYYMMDD. */
  readonly patientBirthDate: string;
  readonly accessionNumber: string;
  /** YYYYMMDD. */
  readonly studyDate: string;
  /** HHMMSS. */
  readonly studyTime: string;
  readonly modality: CorpusModality;
}

/** Modalities that the corpora mix. */
export type CorpusModality = 'CT' | 'MR' | 'CR' | 'PT';

/** One corpus: a number that keeps its UIDs and identifiers apart from those of all others, and its shape. */
export interface CorpusPlan {
  /** 1–9999. */
  readonly corpusNumber: number;
  readonly seed: number;
  readonly modalities: readonly CorpusModality[];
  /** The study dates are spread over ten years from 1 January of this one; corpora of different years never share a date. */
  readonly firstYear: number;
  /** Family names begin with these two letters, so that a search by name prefix in one corpus finds nobody of another. */
  readonly familyPrefix: string;
}

const STUDIES_PER_PATIENT = 2;
const DATE_RANGE_DAYS = 3650;
const MS_PER_DAY = 86_400_000;
const SYLLABLES = [
  'bar',
  'dol',
  'fen',
  'gar',
  'hol',
  'kel',
  'lin',
  'mor',
  'nor',
  'pel',
  'ros',
  'tam',
];
const ENDINGS = ['berg', 'dahl', 'ford', 'gard', 'holm', 'land', 'lund', 'mann', 'stad', 'wick'];
const GIVEN = [
  'Alice',
  'Boris',
  'Clara',
  'David',
  'Elena',
  'Frank',
  'Greta',
  'Helen',
  'Irene',
  'Jonas',
];

/** The study at `index` of a corpus; the same for the same plan, always. */
export function planStudy(plan: CorpusPlan, index: number): PlannedStudy {
  const patient = Math.floor(index / STUDIES_PER_PATIENT);
  const person = hashedNumber(plan.seed + plan.corpusNumber, patient);
  const family = [
    plan.familyPrefix,
    pick(SYLLABLES, person),
    pick(SYLLABLES, person >>> 4),
    pick(ENDINGS, person >>> 8),
  ].join('');
  const day = hashedIndex(plan.seed + 7 * plan.corpusNumber, index, DATE_RANGE_DAYS);
  const second = hashedIndex(plan.seed + 11, index, 86_400);
  return {
    index,
    studyInstanceUid: corpusUid(plan, index, 0, 0),
    patientId: `P${digits(plan.corpusNumber, 4)}${digits(patient, 7)}`,
    patientName: `${family}^${pick(GIVEN, person >>> 16)}`,
    patientSex: (person & 1) === 0 ? 'F ' : 'M ',
    patientBirthDate: dateText(1930, hashedIndex(plan.seed, patient, 25_000)),
    accessionNumber: `A${digits(plan.corpusNumber, 4)}${digits(index, 9)}`,
    studyDate: dateText(plan.firstYear, day),
    studyTime: new Date(second * 1000).toISOString().slice(11, 19).replaceAll(':', ''),
    modality: pick(plan.modalities, index),
  };
}

/** Series number `seriesNumber` (from 1) of a study. */
export function seriesUid(plan: CorpusPlan, studyIndex: number, seriesNumber: number): string {
  return corpusUid(plan, studyIndex, seriesNumber, 0);
}

/** Instance number `instanceNumber` (from 1) of a series. */
export function instanceUid(
  plan: CorpusPlan,
  studyIndex: number,
  seriesNumber: number,
  instanceNumber: number,
): string {
  return corpusUid(plan, studyIndex, seriesNumber, instanceNumber);
}

/** Length of every generated patient name. */
export const PATIENT_NAME_LENGTH = 18;

/** Length of every generated UID; constant, so that templates can reserve the room. */
export const CORPUS_UID_LENGTH = 42;

/** A UID under the UUID arc (PS3.5 §B.2): an integer below 2¹²⁸ that is made of the position in the corpus. */
function corpusUid(plan: CorpusPlan, study: number, series: number, instance: number): string {
  const integer = `1${digits(plan.seed, 8)}${digits(plan.corpusNumber, 4)}${digits(study, 9)}${digits(series, 6)}${digits(instance, 9)}`;
  return `2.25.${integer}`;
}

/** The date `days` after 1 January of `year`, as YYYYMMDD. */
function dateText(year: number, days: number): string {
  const date = new Date(Date.UTC(year, 0, 1) + days * MS_PER_DAY);
  return date.toISOString().slice(0, 10).replaceAll('-', '');
}

/** The date `days` after a date, both YYYYMMDD. */
export function laterDate(date: string, days: number): string {
  const monthIndex = Number(date.slice(4, 6)) - 1;
  const dayIndex = Number(date.slice(6, 8)) - 1;
  const year = Number(date.slice(0, 4));
  const daysBefore = (Date.UTC(year, monthIndex, 1) - Date.UTC(year, 0, 1)) / MS_PER_DAY;
  return dateText(year, daysBefore + dayIndex + days);
}

function pick<T>(values: readonly T[], number: number): T {
  return values[number % values.length] as T;
}

function digits(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
