import { GantryError } from '#engine/base/error-catalogue.js';
import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';
import { keyText } from './identifier.js';
import { uniqueKeys } from './information-models.js';
import type { InformationModel, RetrieveLevel } from './information-models.js';

const levelTag = '00080052';

/** The Query/Retrieve Level of an identifier. Throws `bad-request` when the model does not have it. */
export function readLevel(identifier: JsonDataSet, model: InformationModel): RetrieveLevel {
  const text = keyText(identifier[levelTag]);
  const level = model.levels.find((candidate) => candidate === text);
  if (level === undefined) {
    throw new GantryError('bad-request', `(0008,0052) is none of ${model.levels.join(', ')}`);
  }
  return level;
}

/**
 * Checks that each level above has its unique key, with one value: the hierarchical search of PS3.4 §C.4.1.3.1 and retrieval of
 * §C.4.2.2.1. Throws `bad-request`.
 */
export function requireUniqueKeys(
  identifier: JsonDataSet,
  model: InformationModel,
  level: RetrieveLevel,
): void {
  for (const above of model.levels.slice(0, model.levels.indexOf(level))) {
    const text = keyText(identifier[uniqueKeys[above]]).trim();
    // A backslash makes a list; of the wildcards, only PatientID could hold one as it is.
    if (text === '' || /[\\*?]/.test(text)) {
      const tag = uniqueKeys[above];
      throw new GantryError(
        'bad-request',
        `(${tag.slice(0, 4)},${tag.slice(4)}) needs one value at ${level} level`,
      );
    }
  }
}
