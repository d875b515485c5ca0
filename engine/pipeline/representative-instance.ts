import { setImmediate } from 'node:timers/promises';
import { limits } from '#engine/base/limits.js';
import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';
import type { CatalogReader } from '#engine/store/catalog/catalog-reader.js';
import type {
  InstanceRecord,
  SeriesKey,
  SeriesRecord,
} from '#engine/store/catalog/catalog-records.js';
import type { RetrieveTarget } from '../engine-types.js';

/**
 * The instance that stands for a study or series when it is rendered (PS3.18 §10.4.1.1.3): of the series with pictures that has
 * the lowest number, the image in the middle by Instance Number. An instance stands for itself. Undefined when nothing is stored.
 */
export async function representativeInstance(
  reader: CatalogReader,
  target: RetrieveTarget,
): Promise<InstanceRecord | undefined> {
  const { partition, studyInstanceUid, seriesInstanceUid, sopInstanceUid } = target;
  if (seriesInstanceUid !== undefined && sopInstanceUid !== undefined) {
    return reader.findInstance(partition, { studyInstanceUid, seriesInstanceUid, sopInstanceUid });
  }
  const series =
    seriesInstanceUid === undefined
      ? inOrder(reader.series(partition, studyInstanceUid))
      : [{ studyInstanceUid, seriesInstanceUid }];
  const search = { reader, partition, restMax: limits.representativeSearchMax };
  let other: InstanceRecord | undefined;
  for (const each of series) {
    const { images, others } = await instancesOf(search, each);
    if (images.length > 0) return middleOf(images);
    other ??= middleOf(others);
    if (search.restMax <= 0) break;
  }
  return other;
}

/** Series that hold no pictures of the patient, or such as are made of other images. */
const lesserModalities: ReadonlySet<unknown> = new Set(
  'SR PR KO DOC PLAN RTPLAN RTSTRUCT RTRECORD REG FID RWV SEG M3D ANN ECG HD EPS AU'.split(' '),
);

function inOrder(all: Iterable<SeriesRecord>): readonly SeriesRecord[] {
  const rank = ({ attributes }: SeriesRecord): number =>
    lesserModalities.has(firstValue(attributes, '00080060')) ? 1 : 0;
  const number = ({ attributes }: SeriesRecord): number => numberOf(attributes, '00200011');
  return [...all].sort((a, b) => rank(a) - rank(b) || number(a) - number(b));
}

interface Search {
  readonly reader: CatalogReader;
  readonly partition: number;
  /** Records that may still be read. */
  restMax: number;
}

/** Instances of a series, those with pixels apart; the first of them when there are more than may be read. */
async function instancesOf(
  search: Search,
  { studyInstanceUid, seriesInstanceUid }: SeriesKey,
): Promise<{ readonly images: InstanceRecord[]; readonly others: InstanceRecord[] }> {
  const { reader, partition } = search;
  const images: InstanceRecord[] = [];
  const others: InstanceRecord[] = [];
  for (const record of reader.instances(partition, studyInstanceUid, seriesInstanceUid)) {
    const isImage = firstValue(record.attributes, '00280010') !== undefined;
    (isImage ? images : others).push(record);
    search.restMax--;
    if (search.restMax <= 0) break;
    if (search.restMax % stepRecords === 0) await setImmediate();
  }
  return { images, others };
}

/** The one in the middle by Instance Number. */
function middleOf(instances: readonly InstanceRecord[]): InstanceRecord | undefined {
  const sorted = instances.toSorted(
    (a, b) => numberOf(a.attributes, instanceNumberTag) - numberOf(b.attributes, instanceNumberTag),
  );
  return sorted[Math.floor((sorted.length - 1) / 2)];
}

const instanceNumberTag = '00200013';
/** Records read at a time: about a millisecond. */
const stepRecords = 128;

function numberOf(attributes: JsonDataSet, of: string): number {
  const value = Number(firstValue(attributes, of) ?? NaN);
  return Number.isFinite(value) ? value : Number.MAX_SAFE_INTEGER;
}

function firstValue(attributes: JsonDataSet, of: string): unknown {
  return attributes[of]?.Value?.[0];
}
