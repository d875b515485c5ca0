import { MultipartRelatedReader } from '#engine/multipart/multipart-related-reader.js';
import { makeIngestCorpus } from '../corpus/corpora.js';
import type { MicroBench } from './micro-bench.js';

const BOUNDARY = 'bench-boundary';
const PART_COUNT = 20;
/** About what a socket delivers at once. */
const CHUNK_BYTES = 64 * 1024;

/** A store request body of `PART_COUNT` instances, cut into chunks. */
function makeBodyChunks(kind: 'ct' | 'tiny'): readonly Buffer[] {
  const corpus = makeIngestCorpus(kind, 0, PART_COUNT);
  const parts = Array.from({ length: PART_COUNT }, (_, index) => {
    const { header, pixelData } = corpus.instance(index);
    const head = `--${BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n`;
    return [Buffer.from(head), header, pixelData, Buffer.from('\r\n')];
  });
  const body = Buffer.concat([...parts.flat(), Buffer.from(`--${BOUNDARY}--\r\n`)]);
  const chunks: Buffer[] = [];
  for (let offset = 0; offset < body.length; offset += CHUNK_BYTES)
    chunks.push(body.subarray(offset, offset + CHUNK_BYTES));
  return chunks;
}

function splitBench(kind: 'ct' | 'tiny', label: string): MicroBench {
  const chunks = makeBodyChunks(kind);
  return {
    name: `multipart: split ${PART_COUNT} parts of ${label}`,
    bytesPerCall: chunks.reduce((sum, chunk) => sum + chunk.length, 0),
    run: () => {
      let dataBytes = 0;
      const reader = new MultipartRelatedReader(BOUNDARY, {
        onPartBegin: () => undefined,
        onPartData: (view) => {
          dataBytes += view.length;
        },
        onPartEnd: () => undefined,
      });
      for (const chunk of chunks) reader.push(chunk);
      reader.end();
      return dataBytes;
    },
  };
}

/** What main spends on finding the parts of a store request. */
export const microBenches: readonly MicroBench[] = [
  splitBench('ct', '512 KiB'),
  splitBench('tiny', '10 KiB'),
];
