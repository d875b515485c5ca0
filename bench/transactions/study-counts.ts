import { laterDate, planStudy } from '../corpus/study-plan.js';
import type { Corpus } from '../corpus/corpus.js';

/** How many studies of a corpus have a value: counted in one pass, so that a million studies need not be kept. */
export class StudyCounts {
  readonly studyCount: number;
  readonly #counts = new Map<string, number>();

  /** @param prefixLengths of the names that `ofNamePrefix` is going to be asked for */
  constructor(corpus: Corpus, prefixLengths: readonly number[]) {
    this.studyCount = corpus.shape.studyCount;
    for (let index = 0; index < this.studyCount; index++) {
      const { patientId, patientName, studyDate, modality } = planStudy(corpus.plan, index);
      this.#add(patientId);
      this.#add(`${studyDate} ${modality}`);
      for (const length of prefixLengths) this.#add(patientName.slice(0, length));
    }
  }

  ofPatient(patientId: string): number {
    return this.#of(patientId);
  }

  ofNamePrefix(prefix: string): number {
    return this.#of(prefix);
  }

  /** Studies of a modality on `dayCount` days from `from` (YYYYMMDD). */
  ofDates(from: string, dayCount: number, modality: string): number {
    let sum = 0;
    for (let day = 0; day < dayCount; day++) sum += this.#of(`${laterDate(from, day)} ${modality}`);
    return sum;
  }

  #add(name: string): void {
    this.#counts.set(name, this.#of(name) + 1);
  }

  #of(name: string): number {
    return this.#counts.get(name) ?? 0;
  }
}
