import { gunzipSync } from 'node:zlib';

import { planStudy, seriesUid } from '../corpus/study-plan.js';
import { hashedIndex } from '../corpus/random-source.js';
import type { HttpResponse } from '../harness/http-response-reader.js';
import type { Scale } from '../run-scale.js';
import type { Corpus } from '../corpus/corpus.js';
import type { BenchCase } from './bench-case.js';
import { type ReadOperation, readingCase } from './reading-case.js';

const EXAMINE_EVERY = 16;
const SEED = 43;
/** A data set of the corpora makes more JSON than this, and, where instances are compressed together, more than that. */
const JSON_BYTES_PER_INSTANCE_MIN = 1000;
const GZIP_BYTES_PER_INSTANCE_MIN = 20;
const SOP_INSTANCE_UID = '00080018';
const GZIP_MAGIC = 0x1f8b;
/** To parse more takes this client longer than servers keep an idle connection. */
const PARSED_INSTANCES_MAX = 10_000;

/** Metadata retrieve of series and studies (PS3.18 §10.4, /metadata), as text and as viewers ask for it, with gzip. */
export function metadataCases(scale: Scale): readonly BenchCase[] {
  const perSeries = scale.ctSeriesInstanceCount;
  return [1, 8].flatMap((concurrency) =>
    [false, true].flatMap((acceptsGzip) => [
      metadataCase({ level: 'series', instanceCount: perSeries, acceptsGzip, concurrency }),
      metadataCase({ level: 'study', instanceCount: perSeries * 2, acceptsGzip, concurrency }),
    ]),
  );
}

interface MetadataCase {
  readonly level: 'series' | 'study';
  readonly instanceCount: number;
  readonly acceptsGzip: boolean;
  readonly concurrency: number;
}

function metadataCase(options: MetadataCase): BenchCase {
  const { level, instanceCount, acceptsGzip, concurrency } = options;
  return readingCase({
    transaction: 'metadata',
    name: `${level} metadata, ${instanceCount} instances${acceptsGzip ? ', gzip' : ''}`,
    concurrency,
    needs: ['ct'],
    examineEvery: EXAMINE_EVERY,
    prepare:
      ({ corpora: { ct } }) =>
      (operation) => {
        const study = hashedIndex(SEED, operation, ct.shape.studyCount);
        const seriesNumber = (operation % ct.shape.seriesPerStudy) + 1;
        const series = level === 'series' ? seriesNumber : undefined;
        return metadataOperation(ct, { study, series, acceptsGzip });
      },
  });
}

/** The study of an index, or one of its series (from 1). */
export interface MetadataTarget {
  readonly study: number;
  readonly series: number | undefined;
  readonly acceptsGzip: boolean;
}

/** Retrieves the metadata of a study or series of a corpus, in which each instance must be. */
export function metadataOperation(
  { plan, shape }: Corpus,
  { study, series, acceptsGzip }: MetadataTarget,
): ReadOperation {
  const seriesPath = series === undefined ? '' : `/series/${seriesUid(plan, study, series)}`;
  const instanceCount =
    shape.instancesPerSeries * (series === undefined ? shape.seriesPerStudy : 1);
  const bytesMin = acceptsGzip ? GZIP_BYTES_PER_INSTANCE_MIN : JSON_BYTES_PER_INSTANCE_MIN;
  return {
    path: `/studies/${planStudy(plan, study).studyInstanceUid}${seriesPath}/metadata`,
    accept: 'application/dicom+json',
    acceptsGzip,
    bodyBytesMin: instanceCount * bytesMin,
    examine: (response) => examineMetadata(response, instanceCount),
  };
}

function examineMetadata(response: HttpResponse, instanceCount: number): string | undefined {
  const isGzip = response.body.readUInt16BE(0) === GZIP_MAGIC;
  const text = isGzip ? gunzipSync(response.body) : response.body;
  if (instanceCount > PARSED_INSTANCES_MAX) return examineLongMetadata(text, instanceCount);
  const items = JSON.parse(text.toString('utf8')) as Record<string, { Value?: unknown[] }>[];
  const uids = new Set(items.map((item) => item[SOP_INSTANCE_UID]?.Value?.[0]));
  return uids.size === instanceCount
    ? undefined
    : `metadata of ${uids.size} instead of ${instanceCount} instances`;
}

/** Counts the instances by what their UIDs begin with, and looks at the ends of the array. */
function examineLongMetadata(text: Buffer, instanceCount: number): string | undefined {
  const uid = Buffer.from(`"${SOP_INSTANCE_UID}":{"vr":"UI","Value":["`);
  let count = 0;
  for (let at = text.indexOf(uid); at !== -1; at = text.indexOf(uid, at + uid.length)) count++;
  const isArray = text[0] === 0x5b && text.at(-1) === 0x5d;
  return isArray && count === instanceCount
    ? undefined
    : `metadata of ${count} instead of ${instanceCount} instances, or not an array`;
}
