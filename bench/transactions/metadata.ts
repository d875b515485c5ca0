import { planStudy, seriesUid } from '../corpus/study-plan.js';
import { hashedIndex } from '../corpus/random-source.js';
import type { HttpResponse } from '../harness/http-response-reader.js';
import type { Scale } from '../run-scale.js';
import type { BenchCase } from './bench-case.js';
import { readingCase } from './reading-case.js';

const EXAMINE_EVERY = 16;
const SEED = 43;
/** A data set of the corpora makes more JSON than this. */
const JSON_BYTES_PER_INSTANCE_MIN = 1000;
const SOP_INSTANCE_UID = '00080018';

/** Metadata retrieve of series and studies (PS3.18 §10.4, /metadata). */
export function metadataCases(scale: Scale): readonly BenchCase[] {
  const perSeries = scale.ctSeriesInstanceCount;
  return [1, 8].flatMap((concurrency) => [
    metadataCase('series', perSeries, concurrency),
    metadataCase('study', perSeries * 2, concurrency),
  ]);
}

function metadataCase(
  level: 'series' | 'study',
  instanceCount: number,
  concurrency: number,
): BenchCase {
  return readingCase({
    transaction: 'metadata',
    name: `${level} metadata, ${instanceCount} instances`,
    concurrency,
    needs: ['ct'],
    examineEvery: EXAMINE_EVERY,
    prepare: ({ corpora }) => {
      const { plan, shape } = corpora.ct;
      return (operation) => {
        const study = hashedIndex(SEED, operation, shape.studyCount);
        const seriesNumber = (operation % shape.seriesPerStudy) + 1;
        const seriesPath =
          level === 'series' ? `/series/${seriesUid(plan, study, seriesNumber)}` : '';
        return {
          path: `/studies/${planStudy(plan, study).studyInstanceUid}${seriesPath}/metadata`,
          accept: 'application/dicom+json',
          bodyBytesMin: instanceCount * JSON_BYTES_PER_INSTANCE_MIN,
          examine: (response) => examineMetadata(response, instanceCount),
        };
      };
    },
  });
}

function examineMetadata(response: HttpResponse, instanceCount: number): string | undefined {
  const items = JSON.parse(response.body.toString('utf8')) as Record<
    string,
    { Value?: unknown[] }
  >[];
  const uids = new Set(items.map((item) => item[SOP_INSTANCE_UID]?.Value?.[0]));
  return uids.size === instanceCount
    ? undefined
    : `metadata of ${uids.size} instead of ${instanceCount} instances`;
}
