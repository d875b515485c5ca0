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
  if (seriesInstanceUid === undefined) {
    const series = firstSeries(reader.series(partition, studyInstanceUid));
    return series && middleInstance(reader, partition, series);
  }
  const key = { studyInstanceUid, seriesInstanceUid };
  if (sopInstanceUid === undefined) return middleInstance(reader, partition, key);
  return reader.findInstance(partition, { ...key, sopInstanceUid });
}

/** Series that hold no pictures of the patient, or such as are made of other images. */
const lesserModalities: ReadonlySet<unknown> = new Set(
  'SR PR KO DOC PLAN RTPLAN RTSTRUCT RTRECORD REG FID RWV SEG M3D ANN ECG HD EPS AU'.split(' '),
);

function firstSeries(all: Iterable<SeriesRecord>): SeriesRecord | undefined {
  const rank = ({ attributes }: SeriesRecord): readonly [number, number] => [
    lesserModalities.has(firstValue(attributes, '00080060')) ? 1 : 0,
    numberOf(attributes, '00200011'),
  ];
  let best: SeriesRecord | undefined;
  for (const series of all) {
    if (best === undefined) best = series;
    const [a, b] = [rank(series), rank(best)];
    if (a[0] < b[0] || (a[0] === b[0] && a[1] < b[1])) best = series;
  }
  return best;
}

/** Of the images of a series, or of its instances when none is an image; among the first thousands when there are more. */
async function middleInstance(
  reader: CatalogReader,
  partition: number,
  { studyInstanceUid, seriesInstanceUid }: SeriesKey,
): Promise<InstanceRecord | undefined> {
  const all: InstanceRecord[] = [];
  for (const record of reader.instances(partition, studyInstanceUid, seriesInstanceUid)) {
    all.push(record);
    if (all.length >= limits.representativeSearchMax) break;
    if (all.length % stepRecords === 0) await setImmediate();
  }
  const images = all.filter(({ attributes }) => firstValue(attributes, '00280010') !== undefined);
  const candidates = images.length > 0 ? images : all;
  candidates.sort(
    (a, b) => numberOf(a.attributes, instanceNumberTag) - numberOf(b.attributes, instanceNumberTag),
  );
  return candidates[Math.floor((candidates.length - 1) / 2)];
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
