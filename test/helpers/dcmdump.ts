import { runDcmtk } from './dcmtk.js';

export interface DumpedElement {
  readonly vr: string;
  /** As printed: text in brackets, numbers by themselves, values parted by backslashes. */
  readonly text: string;
  /** Bytes; of sequences and encapsulated pixel data not that of the value. */
  readonly length: number;
}

/** Attributes of a data set by tag, eight upper-case hexadecimal digits; none of sequences' items and of group 2. */
export type DumpedDataSet = ReadonlyMap<string, DumpedElement>;

/**
 * What DCMTK's dcmdump reads of files, all of them in one process. A file that it cannot read is missing, or ends where its
 * reading ended.
 */
export async function dumpFiles(paths: readonly string[]): Promise<Map<string, DumpedDataSet>> {
  const { output } = await runDcmtk('dcmdump', ['-q', '+F', '+L', '-M', '-Un', ...paths]);
  const files = new Map<string, DumpedDataSet>();
  let dataSet = new Map<string, DumpedElement>();
  for (const line of output.split('\n')) {
    const header = /^# dcmdump \(\d+\/\d+\): (.*)$/.exec(line);
    if (header !== null) {
      dataSet = new Map();
      files.set(header[1]!, dataSet);
      continue;
    }
    const element = /^\(([0-9a-f]{4}),([0-9a-f]{4})\) (..) (.*)$/.exec(line);
    if (element === null || element[1] === '0002') continue;
    const [, group = '', number = '', vr = '', rest = ''] = element;
    const comment = / *# +(u\/l|\d+), *\d+ [^#]*$/.exec(rest);
    const text = comment === null ? rest : rest.slice(0, comment.index);
    dataSet.set(`${group}${number}`.toUpperCase(), { vr, text, length: Number(comment?.[1]) });
  }
  return files;
}
