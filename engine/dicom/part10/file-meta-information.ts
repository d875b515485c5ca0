/**
 * Our Implementation Class UID (0002,0012): a UUID as PS3.5 §B.2 has it. It names this implementation for good.
 */
export const implementationClassUid = '2.25.146422765698400494648822950701093735301';
/** Implementation Version Name (0002,0013). */
export const implementationVersionName = 'GANTRY_0_1';

export interface FileMetaValues {
  readonly transferSyntaxUid: string;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  /** Source Application Entity Title (0002,0016), left out when empty. */
  readonly sourceAeTitle?: string;
}

/** 128 zero bytes and `DICM`: what stands in front of the File Meta Information, PS3.10 §7.1. */
export function writePreamble(): Uint8Array {
  const bytes = new Uint8Array(132);
  bytes.set([0x44, 0x49, 0x43, 0x4d], 128);
  return bytes;
}

/** Preamble, `DICM` and File Meta Information in explicit VR little endian, PS3.10 §7.1. */
export function writeFileMeta(values: FileMetaValues): Uint8Array {
  const elements = [
    writeElement(0x0001, 'OB', Buffer.from([0, 1])),
    writeElement(0x0002, 'UI', paddedText(values.sopClassUid, '\0')),
    writeElement(0x0003, 'UI', paddedText(values.sopInstanceUid, '\0')),
    writeElement(0x0010, 'UI', paddedText(values.transferSyntaxUid, '\0')),
    writeElement(0x0012, 'UI', paddedText(implementationClassUid, '\0')),
    writeElement(0x0013, 'SH', paddedText(implementationVersionName, ' ')),
  ];
  const sourceAeTitle = values.sourceAeTitle?.trim() ?? '';
  if (sourceAeTitle !== '') {
    elements.push(writeElement(0x0016, 'AE', paddedText(sourceAeTitle, ' ')));
  }
  const group = Buffer.concat(elements);
  const groupLength = Buffer.alloc(4);
  groupLength.writeUInt32LE(group.length);
  return Buffer.concat([writePreamble(), writeElement(0x0000, 'UL', groupLength), group]);
}

function writeElement(
  element: number,
  vr: 'AE' | 'OB' | 'SH' | 'UI' | 'UL',
  value: Buffer,
): Buffer {
  const header = Buffer.alloc(vr === 'OB' ? 12 : 8);
  header.writeUInt16LE(0x0002, 0);
  header.writeUInt16LE(element, 2);
  header.write(vr, 4, 'latin1');
  if (vr === 'OB') header.writeUInt32LE(value.length, 8);
  else header.writeUInt16LE(value.length, 6);
  return Buffer.concat([header, value]);
}

/** Text of even length, PS3.5 §6.2. */
function paddedText(text: string, padding: string): Buffer {
  return Buffer.from(text.length % 2 === 0 ? text : text + padding, 'latin1');
}
