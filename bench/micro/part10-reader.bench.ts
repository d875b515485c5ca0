import { describeInstance } from '#engine/dicom/instance/describe-instance.js';
import { MemoryByteSource } from '#engine/dicom/instance/byte-source.js';
import type { DataSetVisitor } from '#engine/dicom/part10/data-set-visitor.js';
import { Part10Reader } from '#engine/dicom/part10/part10-reader.js';
import { makeIngestCorpus } from '../corpus/corpora.js';
import type { MicroBench } from './micro-bench.js';

/** Counts elements and does nothing else, so that the reader alone is timed. */
class CountingVisitor implements DataSetVisitor {
  count = 0;
  onValue(): void {
    this.count++;
  }
  onBulkValue(): void {
    this.count++;
  }
  onSequenceStart(): void {
    this.count++;
  }
  onItemStart(): void {}
  onItemEnd(): void {}
  onSequenceEnd(): void {}
  onOffsetTable(): void {}
  onFragment(): void {}
  onFragmentsEnd(): void {}
  onWarning(): void {}
}

const { header, pixelData } = makeIngestCorpus('ct', 0, 1).instance(0);
const fileBytes = header.length + pixelData.length;

/** What a worker spends on one 512 KiB CT image: reading its elements, and describing it for store and index. */
export const microBenches: readonly MicroBench[] = [
  {
    name: 'part 10: read the elements of a CT',
    bytesPerCall: fileBytes,
    run: (): number => {
      const visitor = new CountingVisitor();
      const reader = new Part10Reader(visitor);
      reader.push(header);
      reader.push(pixelData);
      reader.end();
      return visitor.count;
    },
  },
  {
    name: 'part 10: describe a CT',
    bytesPerCall: fileBytes,
    run: async (): Promise<unknown> => {
      const result = await describeInstance(new MemoryByteSource([header, pixelData]));
      if (!result.ok) throw result.error;
      return result.instance;
    },
  },
];
