import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '#engine/base/logger.js';
import type { Engine, RetrieveTarget } from '#engine/engine-types.js';
import { verifyStore } from '#engine/maintenance/verify-store.js';
import { openEngine } from '#engine/open-engine.js';
import type { QueryCondition, QueryExpression } from '#engine/query/query-expression.js';
import { buildPart10, sampleIdentifiers } from '#test/helpers/dicom-builder.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';
import { engineOptions } from '#test/helpers/test-engine.js';

const mib = 1024 * 1024;
const durationMs = 12_000;
const modelledWorkerCount = 4;
const sharingWorkerCount = 2;

/** A small linear congruential generator, so that a failure can be repeated by its seed. */
function randomSource(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

interface Names {
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly sopInstanceUid: string;
}

/** One of the few instances that a worker stores, deletes and stores again. */
function pickNames(worker: number, random: (below: number) => number): Names {
  const study = `1.2.${worker}.${random(2)}`;
  const series = `${study}.${random(3)}`;
  return {
    studyInstanceUid: study,
    seriesInstanceUid: series,
    sopInstanceUid: `${series}.${random(6)}`,
  };
}

async function store(engine: Engine, names: Names, patientId: string): Promise<string> {
  const pixelBytes = 2 * (100 + 40 * Number(names.sopInstanceUid.at(-1)) * 40);
  const bytes = buildPart10({
    elements: {
      ...sampleIdentifiers({
        study: names.studyInstanceUid,
        series: names.seriesInstanceUid,
        instance: names.sopInstanceUid,
      }),
      PatientID: patientId,
      Modality: 'CT',
      Rows: 1,
      Columns: pixelBytes / 2,
      SamplesPerPixel: 1,
      BitsAllocated: 16,
      PixelRepresentation: 0,
      PhotometricInterpretation: 'MONOCHROME2',
    },
    pixelData: Buffer.alloc(pixelBytes, names.sopInstanceUid),
  });
  const session = engine.openStoreSession({
    partition: 0,
    correlationId: 'test',
    onDrain: () => undefined,
  });
  session.beginInstance();
  session.write(bytes);
  const outcome = await session.endInstance();
  session.close();
  return outcome.result === 'failed' ? outcome.error.code : outcome.result;
}

async function remove(engine: Engine, target: RetrieveTarget): Promise<number> {
  return engine.deleteInstances(target).catch((error: { code: string }) => {
    assert.equal(error.code, 'not-found');
    return 0;
  });
}

function targetOf(names: Names, level: number): RetrieveTarget {
  const { studyInstanceUid, seriesInstanceUid } = names;
  if (level === 0) return { partition: 0, studyInstanceUid };
  return level === 1
    ? { partition: 0, studyInstanceUid, seriesInstanceUid }
    : { partition: 0, ...names };
}

/** A worker that alone uses its studies, and so knows at any time what must be found of them. */
class ModelledWorker {
  readonly #engine: Engine;
  readonly #worker: number;
  readonly #random: (below: number) => number;
  readonly #stored = new Map<string, Names>();
  operationCount = 0;

  constructor(engine: Engine, worker: number, seed: number) {
    this.#engine = engine;
    this.#worker = worker;
    this.#random = randomSource(seed + worker);
  }

  async run(endMs: number): Promise<void> {
    while (performance.now() < endMs) {
      const names = pickNames(this.#worker, this.#random);
      const choice = this.#random(10);
      if (choice < 5) await this.#store(names);
      else if (choice < 8) await this.#delete(targetOf(names, this.#random(3)));
      else await this.#search();
      this.operationCount += 1;
    }
    await this.#search();
  }

  async #store(names: Names): Promise<void> {
    const result = await store(this.#engine, names, `OWN-${this.#worker}`);
    const isKnown = this.#stored.has(names.sopInstanceUid);
    assert.equal(result, isKnown ? 'identical' : 'stored');
    this.#stored.set(names.sopInstanceUid, names);
  }

  async #delete(target: RetrieveTarget): Promise<void> {
    const expected = [...this.#stored.values()].filter(
      (names) =>
        names.studyInstanceUid === target.studyInstanceUid &&
        (target.seriesInstanceUid ?? names.seriesInstanceUid) === names.seriesInstanceUid &&
        (target.sopInstanceUid ?? names.sopInstanceUid) === names.sopInstanceUid,
    );
    assert.equal(await remove(this.#engine, target), expected.length);
    for (const { sopInstanceUid } of expected) this.#stored.delete(sopInstanceUid);
  }

  /** Everything the worker stored, once, with the right counts, by way of the index and by way of the ordered keys. */
  async #search(): Promise<void> {
    const value = `OWN-${this.#worker}`;
    const attribute = { tag: '00100020' };
    const byIndex: QueryCondition = { kind: 'wildcard', attribute, pattern: `${value}*` };
    const byKey: QueryCondition = { kind: 'equals', attribute, value };
    const all = [...this.#stored.values()];
    for (const [plan, condition] of [
      ['index', byIndex],
      ['patient-id', byKey],
    ] as const) {
      const find = async (level: QueryExpression['level']) => {
        const page = { partition: 0, level, conditions: [condition], limit: 1000, offset: 0 };
        const result = await this.#engine.search(page);
        assert.equal(result.plan.name, plan);
        const matches = result.readMatches(0, result.count);
        assert.equal(matches.length, result.count, 'nobody else deletes these');
        return matches;
      };
      const instances = await find('instance');
      assert.deepEqual(
        instances.map(({ instance }) => instance?.sopInstanceUid).sort(),
        all.map(({ sopInstanceUid }) => sopInstanceUid).sort(),
      );
      const studies = await find('study');
      const counts = new Map(
        studies.map(({ study }) => [study.studyInstanceUid, study.instanceCount]),
      );
      assert.equal(counts.size, studies.length, 'a study is found once');
      assert.deepEqual(
        [...counts].sort(),
        countBy(all, (names) => names.studyInstanceUid),
      );
      const series = await find('series');
      assert.deepEqual(
        series
          .map((match) => [match.series?.seriesInstanceUid, match.series?.instanceCount])
          .sort(),
        countBy(all, (names) => names.seriesInstanceUid),
      );
    }
  }
}

function countBy(all: readonly Names[], keyOf: (names: Names) => string): [string, number][] {
  const counts = new Map<string, number>();
  for (const names of all) counts.set(keyOf(names), (counts.get(keyOf(names)) ?? 0) + 1);
  return [...counts].sort();
}

/** Several of these store and delete the same instances; only the store as a whole can be judged. */
async function shareStudies(engine: Engine, endMs: number, seed: number): Promise<void> {
  const random = randomSource(seed);
  while (performance.now() < endMs) {
    const names = pickNames(99, random);
    if (random(2) === 0) {
      const result = await store(engine, names, 'SHARED');
      assert.ok(result === 'stored' || result === 'identical');
    } else {
      await remove(engine, targetOf(names, random(3)));
    }
  }
}

test('store, delete, store again and search at once: no miss, no duplicate, no wrong count', async (t) => {
  const seed = Number(process.env['GANTRY_TEST_SEED'] ?? Date.now() % 2 ** 31);
  t.diagnostic(`seed ${seed}`);
  const dataDir = temporaryDirectory();
  const options = {
    ...engineOptions,
    dataDir,
    store: {
      ...engineOptions.store,
      segmentBytes: mib,
      smallBlobBytesMax: 4096,
      garbageGraceMs: 200,
      compactionBytesPerSecond: 1000 * mib,
    },
  };
  const engine = await openEngine(options, silentLogger);
  const endMs = performance.now() + durationMs;
  const workers = Array.from(
    { length: modelledWorkerCount },
    (_, n) => new ModelledWorker(engine, n, seed),
  );
  try {
    await Promise.all([
      ...workers.map((worker) => worker.run(endMs)),
      ...Array.from({ length: sharingWorkerCount }, (_, n) =>
        shareStudies(engine, endMs, seed + 100 + n),
      ),
    ]);
  } finally {
    await engine.close();
  }
  const report = await verifyStore(options, () => undefined);
  assert.deepEqual(report.problems, []);
  const operations = workers.reduce((sum, { operationCount }) => sum + operationCount, 0);
  t.diagnostic(`${operations} modelled operations, ${report.changeCount} changes`);
});
