import { buildPart10, sampleIdentifiers, type Elements } from './dicom-builder.js';
import { multipartBody, stowContentType, type JsonDataSet } from './dicomweb-client.js';

export interface StoreAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The response data set; empty when the answer is none. */
  readonly dataSet: JsonDataSet;
}

/** Sends one Store request as it is given; default: a multipart of `files` in the root that `studiesUrl` names. */
export async function sendStore(
  studiesUrl: string,
  request: {
    readonly files?: readonly Uint8Array[];
    readonly body?: Uint8Array | string;
    readonly contentType?: string;
    readonly method?: string;
    readonly accept?: string;
  },
): Promise<StoreAnswer> {
  const { files = [], body = multipartBody(files), contentType = stowContentType } = request;
  const response = await fetch(studiesUrl, {
    method: request.method ?? 'POST',
    headers: {
      'content-type': contentType,
      ...(request.accept === undefined ? {} : { accept: request.accept }),
    },
    body,
  });
  const text = await response.text();
  const isDataSet = response.headers.get('content-type') === 'application/dicom+json';
  const dataSet = isDataSet ? (JSON.parse(text) as JsonDataSet) : {};
  return { status: response.status, headers: response.headers, text, dataSet };
}

/** A Part 10 instance of a few elements, with UIDs of its own and a PatientID unless told otherwise. */
export function tinyInstance(elements: Elements = {}, transferSyntaxUid?: string): Uint8Array {
  return buildPart10({
    elements: { ...sampleIdentifiers(), PatientID: 'P1', Modality: 'OT', ...elements },
    ...(transferSyntaxUid === undefined ? {} : { transferSyntaxUid }),
  });
}

/** Items of a sequence of a response data set. */
export function itemsOf(dataSet: JsonDataSet, tag: string): JsonDataSet[] {
  return (dataSet[tag]?.Value ?? []) as JsonDataSet[];
}

export const failedSopSequence = '00081198';
export const referencedSopSequence = '00081199';
export const failureReasonTag = '00081197';
export const warningReasonTag = '00081196';
export const failedAttributesSequence = '00741048';

/** The ErrorComments in an item's FailedAttributesSequence. */
export function commentsOf(item: JsonDataSet): string[] {
  return itemsOf(item, failedAttributesSequence).map((each) => String(each['00000902']!.Value![0]));
}
