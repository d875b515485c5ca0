import { GantryError, toGantryError, type ErrorCode } from '#engine/base/error-catalogue.js';
import { isUid } from '#engine/base/uid.js';
import { checkJsonDataSet } from '#engine/dicom/json-model/check-json-data-set.js';
import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';
import { readNativeDicomModel } from '#engine/dicom/xml-model/read-native-dicom-model.js';
import { BulkParts, type ReceivedBulk } from './bulk-parts.js';
import { composeInstance, type ComposedInstance } from './compose-instance.js';

export const metadataMediaTypes = ['application/dicom+json', 'application/dicom+xml'] as const;
export type MetadataType = (typeof metadataMediaTypes)[number];

/** A metadata part with the bulk data of its request. Plain data: it crosses threads. */
export interface DocumentTask {
  readonly type: MetadataType;
  readonly bytes: Uint8Array;
  readonly bulk: ReceivedBulk;
}

/** What became of one data set of a metadata part. Plain data: it crosses threads. */
export type ComposedDataSet =
  | ({ readonly result: 'composed' } & ComposedInstance)
  | {
      readonly result: 'failed';
      readonly code: ErrorCode;
      readonly detail: string;
      readonly sopClassUid?: string;
      readonly sopInstanceUid?: string;
    };

/** Makes an instance of each data set of a metadata part: of a JSON array of them or of one, of XML one. Never rejects. */
export async function composeDocument({
  type,
  bytes,
  bulk,
}: DocumentTask): Promise<ComposedDataSet[]> {
  const parts = new BulkParts(bulk);
  const composed: ComposedDataSet[] = [];
  try {
    for (const dataSet of parse(type, bytes)) composed.push(await composeOne(dataSet, parts));
  } catch (error) {
    return [failed(error, {})];
  }
  return composed;
}

async function composeOne(unchecked: unknown, parts: BulkParts): Promise<ComposedDataSet> {
  let uids = {};
  try {
    const metadata = checkJsonDataSet(unchecked);
    uids = uidsOf(metadata);
    return { result: 'composed', ...(await composeInstance(metadata, parts)) };
  } catch (error) {
    return failed(error, uids);
  }
}

function failed(error: unknown, uids: object): ComposedDataSet {
  const { code, detail } = toGantryError(error);
  return { result: 'failed', code, detail, ...uids };
}

/** Throws `malformed`. */
function parse(type: MetadataType, bytes: Uint8Array): unknown[] {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new GantryError('malformed', 'the metadata is not UTF-8', { cause });
  }
  if (type === 'application/dicom+xml') return [readNativeDicomModel(text)];
  try {
    const value = JSON.parse(text) as unknown;
    return Array.isArray(value) ? value : [value];
  } catch {
    // The parser's own message quotes the text, which may be about a patient.
    throw new GantryError('malformed', 'the metadata is not JSON');
  }
}

function uidsOf(metadata: JsonDataSet): { sopClassUid?: string; sopInstanceUid?: string } {
  const uid = (tag: string): string | undefined => {
    const value = metadata[tag]?.Value?.[0];
    return typeof value === 'string' && isUid(value) ? value : undefined;
  };
  const [sopClassUid, sopInstanceUid] = [uid('00080016'), uid('00080018')];
  return {
    ...(sopClassUid === undefined ? {} : { sopClassUid }),
    ...(sopInstanceUid === undefined ? {} : { sopInstanceUid }),
  };
}
