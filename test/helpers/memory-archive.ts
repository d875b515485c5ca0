import { crc32 } from 'node:zlib';
import {
  rewritableTransferSyntaxes,
  rewriteDataSet,
} from '#engine/dicom/data-set/rewrite-data-set.js';
import { MemoryByteSource } from '#engine/dicom/instance/byte-source.js';
import { describeInstance } from '#engine/dicom/instance/describe-instance.js';
import { readIndexedAttributes } from '#engine/dicom/instance/parsed-instance.js';
import type { InstanceLayout } from '#engine/dicom/instance/parsed-instance.js';
import type {
  BlobSource,
  RetrieveTarget,
  SearchResult,
  TranscodedInstance,
} from '#engine/engine-types.js';
import { evaluateInMemory } from '#engine/query/evaluate-in-memory.js';
import type { QueryExpression } from '#engine/query/query-expression.js';
import type { MatchedRecords } from '#engine/query/row-text.js';
import type {
  InstanceRecord,
  SeriesRecord,
  StudyRecord,
} from '#engine/store/catalog/catalog-records.js';
import type { QueryRetrieveEngine } from '#src/dimse/query-retrieve/find-matches.js';
import { buildPart10, sampleIdentifiers } from './dicom-builder.js';
import type { Part10Description } from './dicom-builder.js';

interface Stored {
  readonly record: InstanceRecord;
  readonly bytes: Uint8Array;
  readonly layout: InstanceLayout;
}

/** An engine in memory for tests of query and retrieve: searches by the plain evaluator, serves built instances. */
export class MemoryArchive implements QueryRetrieveEngine {
  readonly studies: StudyRecord[] = [];
  readonly series: SeriesRecord[] = [];
  readonly #stored = new Map<string, Stored>();
  /** Queries that were asked, in order. */
  readonly queries: QueryExpression[] = [];
  /** Awaited by each search and by each read of stored bytes. */
  beforeSearch: () => Promise<void> = () => Promise.resolve();
  beforeRead: () => Promise<void> = () => Promise.resolve();

  get instances(): InstanceRecord[] {
    return [...this.#stored.values()].map(({ record }) => record);
  }

  /** Stores what the description builds; identifiers are made up where it has none. */
  async add(description: Part10Description): Promise<InstanceRecord> {
    const elements = { ...sampleIdentifiers(), ...description.elements };
    const bytes = buildPart10({ ...description, elements });
    const described = await describeInstance(new MemoryByteSource([bytes]));
    if (!described.ok) throw described.error;
    const { identifiers, layout } = described.instance;
    const attributes = readIndexedAttributes(described.instance);
    const { studyInstanceUid, seriesInstanceUid, sopInstanceUid } = identifiers;
    const common = { sequence: 1, createdAtMs: 0, storedBytes: bytes.length };
    if (!this.studies.some((study) => study.studyInstanceUid === studyInstanceUid)) {
      this.studies.push({
        ...common,
        ...{ studyInstanceUid, attributes: attributes.study, seriesCount: 0, instanceCount: 0 },
        ...{ modalities: [], sopClassUids: [] },
      });
    }
    if (!this.series.some((series) => series.seriesInstanceUid === seriesInstanceUid)) {
      const keys = { studyInstanceUid, seriesInstanceUid };
      const counts = { instanceCount: 0, sopClassCounts: {} };
      this.series.push({ ...common, ...keys, ...counts, attributes: attributes.series });
    }
    const record: InstanceRecord = {
      ...{ ...common, studyInstanceUid, seriesInstanceUid, sopInstanceUid },
      attributes: attributes.instance,
      transferSyntaxUid: layout.transferSyntaxUid,
      blob: { store: 'segment', segment: 1, offset: 0, length: bytes.length, crc32: crc32(bytes) },
    };
    this.#stored.set(sopInstanceUid, { record, bytes, layout });
    this.#recount();
    return record;
  }

  instanceTranscodingRefusal(
    _partition: number,
    { transferSyntaxUid }: InstanceRecord,
    toTransferSyntaxUid: string,
  ): string | undefined {
    const syntaxes = [transferSyntaxUid, toTransferSyntaxUid];
    const isRewritable = syntaxes.every((uid) => rewritableTransferSyntaxes.includes(uid));
    return isRewritable ? undefined : 'there is no codec in memory';
  }

  /** The data set alone, with rewritten headers; as if its length were not known. */
  async transcodeInstance(
    _partition: number,
    { sopInstanceUid, transferSyntaxUid }: InstanceRecord,
    toTransferSyntaxUid: string,
  ): Promise<TranscodedInstance> {
    const bytes = this.dataSetOf(sopInstanceUid);
    const { head } = await rewriteDataSet(
      {
        length: bytes.length,
        read: (position, lengthMax) =>
          Promise.resolve(bytes.subarray(position, position + lengthMax)),
      },
      { fromTransferSyntaxUid: transferSyntaxUid, toTransferSyntaxUid },
    );
    return {
      length: undefined,
      dataSetOffset: 0,
      sopInstanceUid,
      read: async (position, target) => {
        if (position === head.length) return 0;
        const piece = await head.read(position, target.length);
        target.set(piece);
        return piece.length;
      },
    };
  }

  /** Changes a byte of what is stored. */
  damage(sopInstanceUid: string): void {
    const { bytes } = this.#get(sopInstanceUid);
    bytes[bytes.length - 1]! ^= 1;
  }

  /** The data set of an instance, as stored. */
  dataSetOf(sopInstanceUid: string): Buffer {
    const { bytes, layout } = this.#get(sopInstanceUid);
    return Buffer.from(bytes.subarray(layout.dataSetOffset));
  }

  async search(query: QueryExpression, signal?: AbortSignal): Promise<SearchResult> {
    this.queries.push(query);
    await this.beforeSearch();
    signal?.throwIfAborted();
    const { studies, series, instances } = this;
    const page = evaluateInMemory(query, { studies, series, instances });
    return {
      count: page.keys.length,
      isCut: page.isCut,
      ...(page.last === undefined ? {} : { last: page.last }),
      ...(page.total === undefined ? {} : { total: page.total }),
      plan: { name: 'index', keyCount: 0, recordCount: 0 },
      readMatches: (start, end) =>
        page.keys.slice(start, end).map((key): MatchedRecords => {
          const study = studies.find((each) => each.studyInstanceUid === key.studyInstanceUid)!;
          const itsSeries = series.find((each) => each.seriesInstanceUid === key.seriesInstanceUid);
          const instance = this.#stored.get(key.sopInstanceUid ?? '')?.record;
          if (itsSeries === undefined) return { study };
          return instance === undefined
            ? { study, series: itsSeries }
            : { study, series: itsSeries, instance };
        }),
    };
  }

  *instancePages(target: RetrieveTarget): Generator<readonly InstanceRecord[]> {
    const { studyInstanceUid, seriesInstanceUid, sopInstanceUid } = target;
    const page = this.instances.filter(
      (record) =>
        record.studyInstanceUid === studyInstanceUid &&
        (seriesInstanceUid === undefined || record.seriesInstanceUid === seriesInstanceUid) &&
        (sopInstanceUid === undefined || record.sopInstanceUid === sopInstanceUid),
    );
    if (page.length > 0) yield page;
  }

  retrieveInstance(_partition: number, { sopInstanceUid }: InstanceRecord): BlobSource {
    const { bytes } = this.#get(sopInstanceUid);
    return {
      length: bytes.length,
      read: async (position, target) => {
        await this.beforeRead();
        const piece = bytes.subarray(position, position + target.length);
        target.set(piece);
        return piece.length;
      },
    };
  }

  describeLayout(_partition: number, { sopInstanceUid }: InstanceRecord): InstanceLayout {
    return this.#get(sopInstanceUid).layout;
  }

  #get(sopInstanceUid: string): Stored {
    const stored = this.#stored.get(sopInstanceUid);
    if (stored === undefined) throw new Error('no such instance');
    return stored;
  }

  #recount(): void {
    const { instances } = this;
    this.series.forEach((series, index) => {
      const { seriesInstanceUid } = series;
      const own = instances.filter((record) => record.seriesInstanceUid === seriesInstanceUid);
      this.series[index] = { ...series, instanceCount: own.length };
    });
    this.studies.forEach((study, index) => {
      const { studyInstanceUid } = study;
      const series = this.series.filter((each) => each.studyInstanceUid === studyInstanceUid);
      const own = instances.filter((record) => record.studyInstanceUid === studyInstanceUid);
      this.studies[index] = {
        ...study,
        seriesCount: series.length,
        instanceCount: own.length,
        modalities: distinct(series.map(({ attributes }) => attributes['00080060']?.Value?.[0])),
        sopClassUids: distinct(own.map(({ attributes }) => attributes['00080016']?.Value?.[0])),
      };
    });
  }
}

function distinct(values: readonly unknown[]): string[] {
  return [...new Set(values.filter((value) => typeof value === 'string'))];
}
