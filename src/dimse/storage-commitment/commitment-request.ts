import { GantryError } from '#engine/base/error-catalogue.js';
import { isUid } from '#engine/base/uid.js';
import type { JsonDataSet, JsonElement } from '#engine/dicom/json-model/json-model-types.js';
import { keyText } from '#src/dimse/query-retrieve/identifier.js';

/** An instance that somebody wants to be sure of. */
export interface InstanceReference {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
}

/** What a storage commitment request asks for, PS3.4 Table J.3-1. */
export interface CommitmentRequest {
  readonly transactionUid: string;
  readonly references: readonly InstanceReference[];
}

/** Instances of one request: as many as fit in a data set of the size that is taken, with long UIDs. */
const referencesMax = 100_000;

/** Reads the data set of the N-ACTION. Throws `bad-request` when the transaction or an instance is not named properly. */
export function parseCommitmentRequest(dataSet: JsonDataSet): CommitmentRequest {
  const transactionUid = uidOf(dataSet['00081195'], '(0008,1195)');
  const items = dataSet['00081199']?.Value ?? [];
  if (items.length === 0) throw new GantryError('bad-request', '(0008,1199) is missing');
  if (items.length > referencesMax) throw new GantryError('limit-exceeded', '(0008,1199)');
  const references = items.map((item) => {
    const { '00081150': sopClass, '00081155': sopInstance } = item as JsonDataSet;
    return {
      sopClassUid: uidOf(sopClass, '(0008,1150)'),
      sopInstanceUid: uidOf(sopInstance, '(0008,1155)'),
    };
  });
  return { transactionUid, references };
}

function uidOf(element: JsonElement | undefined, name: string): string {
  const uid = keyText(element);
  if (!isUid(uid)) throw new GantryError('bad-request', `${name} is no UID`);
  return uid;
}
