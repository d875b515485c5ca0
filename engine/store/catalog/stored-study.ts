import { GantryError } from '#engine/base/error-catalogue.js';
import { ElementTexts } from '#engine/dicom/json-model/element-texts.js';
import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';
import type { StudyRecord } from './catalog-records.js';
import { readStudyHead, type StudyHead } from './record-codec.js';

/**
 * The record of a study over the text that it is stored as. A search looks at two or three attributes of a hundred studies and
 * sends the others as they are: parsing them all would be most of its work. It is to be read, not to be copied or sent to
 * another thread, which would leave out what is made when it is asked for. Throws `corrupt` when the text is no record.
 */
export class StoredStudy implements StudyRecord {
  readonly studyInstanceUid: string;
  readonly sequence: number;
  readonly createdAtMs: number;
  readonly seriesCount: number;
  readonly instanceCount: number;
  readonly storedBytes: number;
  readonly #json: string;
  #elements: ElementTexts | undefined;
  #attributes: JsonDataSet | undefined;
  #lists: readonly [modalities: string[], sopClassUids: string[]] | undefined;

  constructor(studyInstanceUid: string, value: Buffer) {
    const head: StudyHead = readStudyHead(value);
    this.studyInstanceUid = studyInstanceUid;
    this.sequence = head.sequence;
    this.createdAtMs = head.createdAtMs;
    this.seriesCount = head.seriesCount;
    this.instanceCount = head.instanceCount;
    this.storedBytes = head.storedBytes;
    this.#json = head.json;
  }

  get elements(): ElementTexts {
    return (this.#elements ??= readable(() => new ElementTexts(this.#json, 1)));
  }

  get attributes(): JsonDataSet {
    return (this.#attributes ??= readable(() => JSON.parse(this.#json) as [JsonDataSet])[0]);
  }

  get modalities(): readonly string[] {
    return this.#readLists()[0];
  }

  get sopClassUids(): readonly string[] {
    return this.#readLists()[1];
  }

  #readLists(): readonly [modalities: string[], sopClassUids: string[]] {
    return (this.#lists ??= readable(() => {
      const json = `[${this.#json.slice(this.elements.end + 1)}`;
      return JSON.parse(json) as [string[], string[]];
    }));
  }
}

function readable<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (cause) {
    throw new GantryError('corrupt', 'a record without its attributes', { cause });
  }
}
