import { codecRegistry } from '#engine/codec/codec-registry.js';
import { findTransferSyntax } from '#engine/dicom/dictionary/transfer-syntaxes.js';

/** The table of docs/CONFORMANCE.md that follows from the codec registry. */
export function codecTableMarkdown(): string {
  const rows = codecRegistry.map(({ uid, decoder, encoder, limitation }) => {
    const syntax = findTransferSyntax(uid);
    const cells = [
      `${syntax?.name ?? ''} \`${uid}\``,
      syntax?.frameMediaType ?? '',
      decoder === undefined ? 'no' : 'yes',
      encoder === undefined ? 'no' : 'yes',
      limitation,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| transfer syntax | media type of frames | to little endian | converted to | limits |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

export const codecTableStart =
  '<!-- Made from engine/codec/codec-registry.ts by `make generate`; edit the table there. -->';
export const codecTableEnd = '<!-- End of what is made. -->';

/** The document with the table put between its marks. */
export function withCodecTable(document: string): string {
  const start = document.indexOf(codecTableStart);
  const end = document.indexOf(codecTableEnd);
  if (start < 0 || end < start) throw new Error('the document has no place for the codec table');
  const before = document.slice(0, start + codecTableStart.length);
  return `${before}\n\n${codecTableMarkdown()}\n\n${document.slice(end)}`;
}
