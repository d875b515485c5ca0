import { BlockChecksummer } from '#engine/base/block-checksums.js';
import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';
import type { IndexedAttributes, ParsedInstance } from '#engine/dicom/instance/parsed-instance.js';

/** What a test says of an instance; everything else is made up. */
export interface InstanceDescription {
  readonly study?: string;
  readonly series?: string;
  readonly sop?: string;
  readonly sopClass?: string;
  readonly transferSyntax?: string;
  readonly studyAttributes?: JsonDataSet;
  readonly modality?: string;
  readonly prefix?: Uint8Array;
  /** Bytes before the data set: preamble and File Meta Information. */
  readonly dataSetOffset?: number;
  readonly frameTable?: Uint8Array;
}

/** What a parse worker would have found out about `received`, which need not be DICOM. */
export function buildParsedInstance(
  received: Uint8Array,
  description: InstanceDescription = {},
): ParsedInstance {
  const { study = '1.2.3', series = '1.2.3.4', sop = '1.2.3.4.5' } = description;
  const { modality = 'CT', prefix = new Uint8Array(0) } = description;
  const { dataSetOffset = prefix.length } = description;
  const transferSyntaxUid = description.transferSyntax ?? '1.2.840.10008.1.2.1';
  const sopClassUid = description.sopClass ?? '1.2.840.10008.5.1.4.1.1.2';
  const checksums = new BlockChecksummer();
  checksums.add(received);
  const attributes: IndexedAttributes = {
    study: { '0020000D': { vr: 'UI', Value: [study] }, ...description.studyAttributes },
    series: {
      '00080060': { vr: 'CS', Value: [modality] },
      '0020000E': { vr: 'UI', Value: [series] },
    },
    instance: {
      '00080016': { vr: 'UI', Value: [sopClassUid] },
      '00080018': { vr: 'UI', Value: [sop] },
    },
  };
  const all = { ...attributes.study, ...attributes.series, ...attributes.instance };
  const json = Buffer.from(JSON.stringify(all));
  return {
    identifiers: {
      studyInstanceUid: study,
      seriesInstanceUid: series,
      sopInstanceUid: sop,
      sopClassUid,
    },
    transferSyntaxUid,
    prefix,
    attributesJson: JSON.stringify(attributes),
    metadata: { json, uriOffsets: [json.length - 1] },
    layout: {
      transferSyntaxUid,
      dataSetOffset,
      deflated: false,
      pixel: { kind: 'none' },
      bulkValues: [],
    },
    frameTable: description.frameTable ?? new Uint8Array(0),
    crc32: checksums.crc32,
    blockChecksums: checksums.finish(),
    warnings: [],
  };
}
