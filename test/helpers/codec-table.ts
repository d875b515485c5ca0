import { codecRegistry } from '#engine/codec/codec-registry.js';
import { findTransferSyntax } from '#engine/dicom/dictionary/transfer-syntaxes.js';

/** The transfer syntaxes and what is done with them, as a Markdown table. */
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
