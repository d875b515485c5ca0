import { GantryError } from '#engine/base/error-catalogue.js';
import { checkJsonDataSet } from '#engine/dicom/json-model/check-json-data-set.js';
import type { JsonDataSet, JsonElement } from '#engine/dicom/json-model/json-model-types.js';
import { keyText } from '#src/dimse/query-retrieve/identifier.js';
import { informationModels } from '#src/dimse/query-retrieve/information-models.js';
import type { InformationModel } from '#src/dimse/query-retrieve/information-models.js';

const levelTag = '00080052';

/** An identifier for a remote AE, and the SOP class that it belongs to. */
export interface RemoteIdentifier {
  readonly identifier: JsonDataSet;
  readonly model: InformationModel;
}

/**
 * Reads an identifier in the DICOM JSON model (PS3.18 §F.2). The Study Root model is asked, or the Patient Root where the level is
 * PATIENT. Throws `malformed`, and `bad-request` for a level that there is not or values that are elsewhere.
 */
export function readRemoteIdentifier(
  value: unknown,
  service: InformationModel['service'],
): RemoteIdentifier {
  const identifier = checkJsonDataSet(value);
  if (Object.values(identifier).some(isElsewhere)) {
    throw new GantryError('bad-request', 'an identifier holds its values');
  }
  const level = keyText(identifier[levelTag]);
  const models = informationModels.filter((model) => model.service === service);
  // Patient Root comes first and has every level: it is for the one that Study Root does not have.
  const model =
    models.find(({ levels }) => levels[0] === 'STUDY' && levels.some((each) => each === level)) ??
    models.find(({ levels }) => levels.some((each) => each === level));
  if (model === undefined) throw new GantryError('bad-request', '(0008,0052) is no level');
  return { identifier, model };
}

/** Whether a value, or one in a sequence, is named by a BulkDataURI. */
function isElsewhere(element: JsonElement): boolean {
  if (element.BulkDataURI !== undefined) return true;
  if (element.vr !== 'SQ') return false;
  return ((element.Value ?? []) as JsonDataSet[]).some((item) =>
    Object.values(item).some(isElsewhere),
  );
}
