import { dialectDifferences } from '#src/dicomweb/dialect.js';

/** Where the dialects differ, as a Markdown table. */
export function dialectTableMarkdown(): string {
  const rows = Object.values(dialectDifferences).map(
    ({ doc, standard, azure }) => `| ${doc} | ${String(standard)} | ${String(azure)} |`,
  );
  return ['| what differs | `/dicom-web` | `/v2` |', '| --- | --- | --- |', ...rows].join('\n');
}
