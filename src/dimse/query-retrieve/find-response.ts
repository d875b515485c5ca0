import type { JsonDataSet, JsonElement } from '#engine/dicom/json-model/json-model-types.js';
import type { FindRequest, ReturnKey } from './find-request.js';
import type { Match } from './query-keys.js';

/**
 * The identifier of one C-FIND response (PS3.4 §C.4.1.1.3.2): the keys that were asked for and are supported, without a value
 * when the match has none, the level, and the AE title to retrieve from.
 */
export function makeFindResponse(
  request: FindRequest,
  match: Match,
  retrieveAeTitle: string,
): JsonDataSet {
  const identifier: JsonDataSet = {
    '00080052': { vr: 'CS', Value: [request.level] },
    '00080054': { vr: 'AE', Value: [retrieveAeTitle] },
  };
  for (const returnKey of request.returnKeys) {
    identifier[returnKey.key.tag] = valueOf(returnKey, match);
  }
  return identifier;
}

const uidReaders: Readonly<Record<string, (match: Match) => string | undefined>> = {
  '0020000D': ({ study }) => study.studyInstanceUid,
  '0020000E': ({ series }) => series?.seriesInstanceUid,
  '00080018': ({ instance }) => instance?.sopInstanceUid,
};

function valueOf({ key, members }: ReturnKey, match: Match): JsonElement {
  const { tag, vr } = key;
  if (key.compute !== undefined) {
    const values = key.compute(match);
    return values.length === 0 ? { vr } : { vr, Value: [...values] };
  }
  const uid = uidReaders[tag]?.(match);
  if (uid !== undefined) return { vr, Value: [uid] };
  const { study, series, instance } = match;
  const stored = instance?.attributes[tag] ??
    series?.attributes[tag] ??
    study.attributes[tag] ?? { vr };
  return members === undefined ? stored : withMembers(stored, members);
}

/** A sequence with those members of its items that were asked for. */
function withMembers({ vr, Value: items }: JsonElement, members: readonly string[]): JsonElement {
  if (items === undefined) return { vr };
  return {
    vr,
    Value: (items as JsonDataSet[]).map((item) =>
      Object.fromEntries(Object.entries(item).filter(([tag]) => members.includes(tag))),
    ),
  };
}
