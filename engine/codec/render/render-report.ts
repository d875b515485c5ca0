import { AttributeReader } from './attribute-reader.js';
import { escapeXml } from './escape-xml.js';

/** What stands around the content: no script, nothing fetched. */
const style =
  'body{font-family:sans-serif;max-width:60em;margin:2em auto;padding:0 1em}' +
  'table{border-collapse:collapse}th{text-align:left;padding-right:1em;font-weight:normal;color:#555}' +
  'ul{list-style:none;padding-left:1.2em;border-left:1px solid #ccc}li{margin:.4em 0}' +
  '.name{color:#555}.text{white-space:pre-line}';

/**
 * A structured report (PS3.3 §C.17.3), or another document with a content tree, as an HTML page: who it is about, and its content
 * items as nested lists. Every value is escaped. `json` is the metadata, one DICOM JSON object. Throws `corrupt`.
 */
export function renderReport(json: Uint8Array): Uint8Array {
  const report = AttributeReader.open({ json, bulkValues: [], isBigEndian: false });
  const title = conceptName(report) ?? report.text('00080060') ?? 'Document';
  const rows = headRows.flatMap(([label, tag]) => {
    const value = report.text(tag) ?? '';
    return value === '' ? [] : [`<tr><th>${label}</th><td>${escapeXml(value)}</td></tr>`];
  });
  const page =
    `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>${escapeXml(title)}</title>` +
    `<style>${style}</style></head><body><h1>${escapeXml(title)}</h1>` +
    `<table>${rows.join('')}</table>${contentList(report)}</body></html>`;
  return new TextEncoder().encode(page);
}

const headRows = [
  ['Patient', '00100010'],
  ['Patient ID', '00100020'],
  ['Birth date', '00100030'],
  ['Sex', '00100040'],
  ['Study date', '00080020'],
  ['Study', '00081030'],
  ['Accession number', '00080050'],
  ['Content date', '00080023'],
  ['Completion', '0040A491'],
  ['Verification', '0040A493'],
] as const;

/** The content items below one; their depth is that of the data set, which the reader has bounded. */
function contentList(item: AttributeReader): string {
  const items = item.items('0040A730');
  if (items.length === 0) return '';
  return `<ul>${items.map((child) => `<li>${contentItem(child)}${contentList(child)}</li>`).join('')}</ul>`;
}

function contentItem(item: AttributeReader): string {
  const name = conceptName(item);
  const label = name === undefined ? '' : `<span class="name">${escapeXml(name)}</span> `;
  const value = valueOf(item);
  return label + (value === '' ? '' : `<span class="text">${escapeXml(value)}</span>`);
}

function valueOf(item: AttributeReader): string {
  switch (item.text('0040A040')) {
    case 'CODE':
      return meaningOf(item.item('0040A168')) ?? '';
    case 'NUM': {
      const measured = item.item('0040A300');
      const unit = measured?.item('004008EA');
      const unitText = unit?.text('00080100') ?? '';
      return `${measured?.text('0040A30A') ?? ''} ${unitText === '1' ? '' : unitText}`.trim();
    }
    case 'IMAGE':
    case 'COMPOSITE':
    case 'WAVEFORM':
      return item
        .items('00081199')
        .map((reference) => reference.text('00081155') ?? '')
        .join(' ');
    case 'SCOORD':
    case 'SCOORD3D':
      return `${item.text('00700023') ?? ''} ${item.numbers('00700022').slice(0, 12).join(' ')}`;
    default:
      return plainValueTags.map((tag) => item.text(tag)).find((value) => value !== undefined) ?? '';
  }
}

/** Text Value, DateTime, Date, Time, Person Name, UID. */
const plainValueTags = ['0040A160', '0040A120', '0040A121', '0040A122', '0040A123', '0040A124'];

function conceptName(item: AttributeReader): string | undefined {
  return meaningOf(item.item('0040A043'));
}

function meaningOf(code: AttributeReader | undefined): string | undefined {
  return code?.text('00080104') ?? code?.text('00080100');
}
