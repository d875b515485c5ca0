import { DuckdbQueryIndex } from '#engine/index/duckdb-query-index.js';
import { MemoryQueryIndex } from '#engine/index/memory-query-index.js';
import { describeQueryIndex } from './query-index.contract.js';

describeQueryIndex('in memory', async () => new MemoryQueryIndex());

describeQueryIndex('DuckDB', () =>
  DuckdbQueryIndex.create(':memory:', {
    memoryBytesMax: 256 * 1024 * 1024,
    threadCount: 1,
    temporaryDirectory: '',
  }),
);
