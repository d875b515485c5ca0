import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EngineStats } from '#engine/engine-types.js';
import { createMetrics } from '#src/observability/metrics.js';

const stats: EngineStats = {
  instancesStored: 5,
  instancesDeleted: 0,
  instancesUndeleted: 0,
  instancesReplaced: 0,
  damagedReads: 0,
  scrub: { bytes: 0, passes: 0, problems: 0 },
  instancesIdentical: 2,
  instancesFailed: 1,
  bytesStored: 4096,
  arenaBytesTotal: 1000,
  arenaBytesInUse: 10,
  parseQueueLength: 3,
  commitsInFlight: 4,
  committedSequence: 9,
  indexedSequence: 7,
  framesTranscoded: 11,
  framesFromCache: 12,
  picturesRendered: 13,
  picturesFromCache: 14,
  framesDerived: 15,
  derivedBytes: 16,
  codecQueueLength: 13,
  queriesByPlan: {
    uid: 6,
    'accession-number': 0,
    'patient-id': 0,
    'patient-name': 0,
    'study-list': 0,
    index: 8,
  },
};

test('figures of the engine are read at each scrape', async () => {
  let current: EngineStats | undefined = stats;
  const { registry } = createMetrics(() => current);
  const first = await registry.metrics();
  for (const line of [
    'gantry_ingest_instances_total{result="stored"} 5',
    'gantry_ingest_instances_total{result="identical"} 2',
    'gantry_ingest_instances_total{result="failed"} 1',
    'gantry_ingest_bytes_total 4096',
    'gantry_ingest_arena_bytes{state="used"} 10',
    'gantry_parse_queue_length 3',
    'gantry_codec_queue_length 13',
    'gantry_frames_transcoded_total{source="codec"} 11',
    'gantry_frames_transcoded_total{source="cache"} 12',
    'gantry_commits_in_flight 4',
    'gantry_commit_sequence{state="indexed"} 7',
    'gantry_index_lag_entries 2',
    'gantry_queries_total{plan="index"} 8',
  ]) {
    assert.ok(first.includes(`${line}\n`), line);
  }
  current = { ...stats, instancesStored: 6 };
  assert.match(await registry.metrics(), /result="stored"} 6\n/);
});

test('a scrape before there is an engine works', async () => {
  await assert.doesNotReject(createMetrics(() => undefined).registry.metrics());
});

test('requests are counted by route, method and status', async () => {
  const metrics = createMetrics(() => undefined);
  const request = { route: 'search-studies', method: 'GET', status: 200, durationSeconds: 0.02 };
  metrics.observeHttpRequest(request);
  metrics.observeHttpRequest(request);
  const text = await metrics.registry.metrics();
  const labels = 'route="search-studies",method="GET",status="200"';
  assert.ok(text.includes(`gantry_http_request_duration_seconds_count{${labels}} 2\n`));
});

test('a made-up method does not make a time series of its own', async () => {
  const metrics = createMetrics(() => undefined);
  for (const method of ['BREW', 'MELT']) {
    metrics.observeHttpRequest({ route: 'none', method, status: 405, durationSeconds: 0 });
  }
  assert.match(
    await metrics.registry.metrics(),
    /_count{route="none",method="other",status="405"} 2/,
  );
});

test('operations and associations of DIMSE are counted', async () => {
  const metrics = createMetrics(() => undefined);
  metrics.associationAccepted();
  metrics.associationAccepted();
  metrics.associationEnded('released');
  metrics.associationRejected('1/1/7');
  metrics.countDimseOperation('C-STORE', 0xa700);
  metrics.countDimseOperation('C-ECHO', 0);
  const text = await metrics.registry.metrics();
  assert.match(text, /gantry_dimse_associations_active 1\n/);
  assert.match(text, /gantry_dimse_associations_total{result="accepted",reason=""} 2\n/);
  assert.match(text, /gantry_dimse_associations_total{result="rejected",reason="1\/1\/7"} 1\n/);
  assert.match(text, /gantry_dimse_associations_ended_total{end="released"} 1\n/);
  assert.match(text, /gantry_dimse_operations_total{service="C-STORE",status="A700"} 1\n/);
  assert.match(text, /gantry_dimse_operations_total{service="C-ECHO",status="0000"} 1\n/);
});

test('the delay of the event loop and the process are measured', async () => {
  const text = await createMetrics(() => undefined).registry.metrics();
  assert.match(text, /gantry_event_loop_delay_seconds{quantile="0.99"} \d/);
  assert.match(text, /process_resident_memory_bytes \d/);
});
