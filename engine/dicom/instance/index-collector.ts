import { indexedAttributes, type QueryLevel } from '#engine/dicom/indexed-attributes.js';

const levelByTag = new Map<number, QueryLevel>(
  indexedAttributes.map(({ tag, level }) => [Number.parseInt(tag, 16), level]),
);

/** Collects the JSON text of indexed attributes as it is written, by level. */
export class IndexCollector {
  readonly #texts: Record<QueryLevel, string> = { study: '', series: '', instance: '' };

  static isIndexed(tag: number): boolean {
    return levelByTag.has(tag);
  }

  /** `text` is the attribute's member of the JSON object: `"00100020":{…}`. */
  add(tag: number, text: string): void {
    const level = levelByTag.get(tag);
    if (level === undefined) return;
    const texts = this.#texts;
    texts[level] = texts[level] === '' ? text : `${texts[level]},${text}`;
  }

  /** `IndexedAttributes` as JSON. */
  finish(): string {
    const { study, series, instance } = this.#texts;
    return `{"study":{${study}},"series":{${series}},"instance":{${instance}}}`;
  }
}
