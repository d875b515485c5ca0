import { codecTableMarkdown } from './codec-table.js';
import { dialectTableMarkdown } from './dialect-table.js';
import { queryKeysMarkdown } from './query-keys-table.js';

/** Tables of docs/CONFORMANCE.md that follow from the code, by the path that stands in the mark in front of them. */
const tables: readonly (readonly [source: string, markdown: () => string])[] = [
  ['src/dicomweb/dialect.ts', dialectTableMarkdown],
  ['engine/codec/codec-registry.ts', codecTableMarkdown],
  ['src/dimse/query-retrieve', queryKeysMarkdown],
];

const endMark = '<!-- End of what is made. -->';

/** The document with each table put behind its mark. */
export function withConformanceTables(document: string): string {
  return tables.reduce((text, [source, markdown]) => {
    const startMark = `<!-- Made from ${source} by \`make generate\`; edit the table there. -->`;
    const start = text.indexOf(startMark);
    const end = text.indexOf(endMark, start);
    if (start < 0 || end < 0) throw new Error(`the document has no place for ${source}`);
    return `${text.slice(0, start)}${startMark}\n\n${markdown()}\n\n${text.slice(end)}`;
  }, document);
}
