import { makeIngestCorpus } from '../corpus/corpora.js';
import { HttpResponseReader } from '../harness/http-response-reader.js';
import type { MicroBench } from './micro-bench.js';

const corpus = makeIngestCorpus('tiny', 0, 100);
let nextInstance = 0;

const responseBody = Buffer.alloc(64 * 1024);
const response = Buffer.concat([
  Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${responseBody.length}\r\n\r\n`),
  responseBody,
]);
const reader = new HttpResponseReader();

/** What the load client itself spends per request; it bounds what the transactions can measure. */
export const microBenches: readonly MicroBench[] = [
  {
    name: 'load client: make one instance',
    run: () => corpus.instance(nextInstance++ % corpus.instanceCount).header,
  },
  {
    name: 'load client: read a 64 KiB response',
    bytesPerCall: response.length,
    run: (): unknown => {
      reader.expect(false);
      return reader.push(response);
    },
  },
];
