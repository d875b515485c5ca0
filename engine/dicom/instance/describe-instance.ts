import { GantryError, toGantryError } from '#engine/base/error-catalogue.js';
import { isUid, trimUid } from '#engine/base/uid.js';
import { tagHex, tagText } from '#engine/dicom/dictionary/dictionary.js';
import { findTransferSyntax } from '#engine/dicom/dictionary/transfer-syntaxes.js';
import { writeFileMeta, writePreamble } from '#engine/dicom/part10/file-meta-information.js';
import { Part10Reader } from '#engine/dicom/part10/part10-reader.js';
import { shiftFrameTable } from '#engine/dicom/pixel-data/frame-table.js';
import type { ByteSource } from './byte-source.js';
import { feedReader } from './feed-reader.js';
import { InstanceDescriber } from './instance-describer.js';
import { defaultInstanceRules, type InstanceRules } from './instance-rules.js';
import type { InstanceIdentifiers, ParsedInstance, PixelLayout } from './parsed-instance.js';

/** What the sender of a data set without File Meta Information says of it (C-STORE). */
export interface AnnouncedDataSet {
  readonly transferSyntaxUid: string;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly callingAeTitle: string;
}

/** All of a `ParsedInstance` but the checksum, which is the business of who holds the bytes. */
export type DescribedInstance = Omit<ParsedInstance, 'crc32' | 'blockChecksums'>;

export type DescribeResult =
  | { readonly ok: true; readonly instance: DescribedInstance }
  | {
      readonly ok: false;
      readonly error: GantryError;
      /** As far as the reader came. */
      readonly sopClassUid: string | undefined;
      readonly sopInstanceUid: string | undefined;
    };

const sopClassUidTag = 0x00080016;
const sopInstanceUidTag = 0x00080018;
const studyInstanceUidTag = 0x0020000d;
const seriesInstanceUidTag = 0x0020000e;
const patientIdTag = 0x00100020;

/**
 * Describes an instance from its bytes: Part 10, or a bare data set when `announced` is given. Never rejects for what the bytes
 * hold: errors are `not-dicom`, `truncated`, `malformed`, `limit-exceeded`, `identifier-missing` and `sop-mismatch`.
 */
export async function describeInstance(
  source: ByteSource,
  announced?: AnnouncedDataSet,
  rules: InstanceRules = defaultInstanceRules,
): Promise<DescribeResult> {
  const describer = new InstanceDescriber(rules);
  try {
    const reader = new Part10Reader(describer, announced?.transferSyntaxUid);
    await feedReader(reader, source);
    if (rules.requiresPatientId) checkPatientId(describer);
    return { ok: true, instance: assemble(reader, describer, announced) };
  } catch (error) {
    return {
      ok: false,
      error: toGantryError(error),
      sopClassUid: validUid(describer.uid(sopClassUidTag)) ?? announced?.sopClassUid,
      sopInstanceUid: validUid(describer.uid(sopInstanceUidTag)) ?? announced?.sopInstanceUid,
    };
  }
}

function assemble(
  reader: Part10Reader,
  describer: InstanceDescriber,
  announced: AnnouncedDataSet | undefined,
): DescribedInstance {
  const identifiers: InstanceIdentifiers = {
    studyInstanceUid: requireUid(describer, studyInstanceUidTag),
    seriesInstanceUid: requireUid(describer, seriesInstanceUidTag),
    sopInstanceUid: requireUid(describer, sopInstanceUidTag),
    sopClassUid: requireUid(describer, sopClassUidTag),
  };
  if (announced !== undefined) checkAnnounced(identifiers, announced);
  const { transferSyntaxUid } = reader;
  const prefix = makePrefix(reader, identifiers, announced?.callingAeTitle ?? '');
  const isDeflated = reader.deflatedFrom !== undefined;
  // Positions in an inflated data set know nothing of what stands before it.
  const shift = isDeflated ? 0 : prefix.length;
  const pixelData = describer.finishPixelData(findTransferSyntax(transferSyntaxUid));
  const metadata = describer.finishMetadata();
  return {
    identifiers,
    transferSyntaxUid,
    prefix,
    attributesJson: describer.finishIndex(),
    metadata,
    layout: {
      transferSyntaxUid,
      dataSetOffset: reader.dataSetOffset + prefix.length,
      deflated: isDeflated,
      pixel: shiftPixelLayout(pixelData.layout, shift),
      bulkValues: describer.bulkValues.map((value) => ({ ...value, offset: value.offset + shift })),
      ...(describer.isMetadataPartial ? { isMetadataPartial: true as const } : {}),
    },
    frameTable: shiftFrameTable(pixelData.frameTable, shift),
    warnings: describer.warnings,
  };
}

function makePrefix(
  reader: Part10Reader,
  identifiers: InstanceIdentifiers,
  sourceAeTitle: string,
): Uint8Array {
  switch (reader.fileHeader) {
    case 'part10':
      return new Uint8Array(0);
    case 'file-meta':
      return writePreamble();
    case 'none':
      return writeFileMeta({
        transferSyntaxUid: reader.transferSyntaxUid,
        sopClassUid: identifiers.sopClassUid,
        sopInstanceUid: identifiers.sopInstanceUid,
        sourceAeTitle,
      });
  }
}

function shiftPixelLayout(layout: PixelLayout, shift: number): PixelLayout {
  return layout.kind === 'none' ? layout : { ...layout, offset: layout.offset + shift };
}

function requireUid(describer: InstanceDescriber, tag: number): string {
  const uid = describer.uid(tag);
  if (uid === undefined || uid === '') {
    throw new GantryError('identifier-missing', `${tagText(tag)} is missing`);
  }
  if (!isUid(uid)) throw new GantryError('identifier-missing', `${tagText(tag)} is not a UID`);
  return uid;
}

function checkPatientId(describer: InstanceDescriber): void {
  const text = tagText(patientIdTag);
  if (!describer.hasPatientId) throw new GantryError('identifier-missing', `${text} is missing`);
  const fault = describer.warnings.find(
    ({ tag, effect }) => tag === tagHex(patientIdTag) && effect === 'omitted',
  );
  if (fault !== undefined) throw new GantryError('identifier-missing', `${text} ${fault.reason}`);
}

/** PS3.7 §9.1.1.1: the data set's SOP Class and Instance are the ones of the request. */
function checkAnnounced(identifiers: InstanceIdentifiers, announced: AnnouncedDataSet): void {
  if (identifiers.sopClassUid !== trimUid(announced.sopClassUid)) {
    throw new GantryError('sop-mismatch', tagText(sopClassUidTag));
  }
  if (identifiers.sopInstanceUid !== trimUid(announced.sopInstanceUid)) {
    throw new GantryError('sop-mismatch', tagText(sopInstanceUidTag));
  }
}

function validUid(uid: string | undefined): string | undefined {
  return uid !== undefined && isUid(uid) ? uid : undefined;
}
