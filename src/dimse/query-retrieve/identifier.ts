import { GantryError, toGantryError } from '#engine/base/error-catalogue.js';
import { limits } from '#engine/base/limits.js';
import { decodeDataSet } from '#engine/dicom/data-set/decode-data-set.js';
import { personNameText } from '#engine/dicom/data-set/encode-value.js';
import type { JsonDataSet, JsonElement } from '#engine/dicom/json-model/json-model-types.js';
import { dimseStatus, failureStatus } from '#engine/dimse/dimse-status.js';
import type { FailureStatus } from '#engine/dimse/dimse-status.js';
import { ByteAccumulator } from '#engine/upper-layer/byte-accumulator.js';
import type { DataSetReceiver, DimseRequest } from '../service-provider.js';
import type { InformationModel } from './information-models.js';

/** Gathers the identifier of a request and gives it to `onIdentifier`, decoded, or the reason why there is none. */
export function receiveIdentifier(
  request: DimseRequest,
  onIdentifier: (identifier: JsonDataSet | GantryError) => void,
): DataSetReceiver {
  const bytes = new ByteAccumulator();
  let isTooLong = false;
  return {
    write: (fragment) => {
      isTooLong ||= bytes.length + fragment.length > limits.identifierBytesMax;
      if (!isTooLong) bytes.append(fragment);
    },
    end: () => {
      onIdentifier(
        isTooLong
          ? new GantryError('out-of-resources', 'the identifier is too long')
          : decode(bytes.take(), request.context.transferSyntaxUid),
      );
    },
  };
}

function decode(bytes: Buffer, transferSyntaxUid: string): JsonDataSet | GantryError {
  try {
    return decodeDataSet(bytes, transferSyntaxUid);
  } catch (error) {
    return toGantryError(error);
  }
}

/** The value of a key as PS3.5 §6.2 writes it: text, values separated by `\`; empty when there is none. */
export function keyText(element: JsonElement | undefined): string {
  return (element?.Value ?? [])
    .map((value) => {
      if (value === null) return '';
      return typeof value === 'object' ? personNameText(value) : String(value);
    })
    .join('\\');
}

/** Processing failure of the general statuses: the service class has one of its own. */
const processingFailure = 0x0110;
const unableToProcess = 0xc000;

/** The statuses of a C-FIND, C-MOVE or C-GET that failed, PS3.4 Tables C.4-1 to C.4-3. */
export function queryRetrieveFailure(
  error: GantryError,
  service: InformationModel['service'],
): FailureStatus {
  const failure = failureStatus(error);
  if (failure.status === processingFailure) return { ...failure, status: unableToProcess };
  const isRetrieval = service !== 'find';
  return isRetrieval && failure.status === dimseStatus.outOfResources
    ? { ...failure, status: dimseStatus.matchesNotCounted }
    : failure;
}
