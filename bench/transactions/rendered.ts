import type { BenchCase } from './bench-case.js';
import { readingCase } from './reading-case.js';

/** The start of every JPEG (ISO 10918-1 §B.1.1.3). */
const JPEG_START = Buffer.from([0xff, 0xd8, 0xff]);
/** A picture of the pattern is never as small as this. */
const PICTURE_BYTES_MIN = 1_000;

/** Retrieve rendered: with a window of its own each time, so that no server answers from what it made before, and as readers do. */
export function renderedCases(): readonly BenchCase[] {
  return [
    renderedCase('JPEG of a CT, each with another window', (operation) => 1_000 + operation),
    renderedCase('JPEG of a CT, the same ones again and again', () => 1_000),
  ];
}

function renderedCase(name: string, windowCenter: (operation: number) => number): BenchCase {
  return readingCase({
    transaction: 'rendered',
    name,
    concurrency: 8,
    needs: ['ct'],
    examineEvery: 16,
    prepare:
      ({ corpora: { ct } }) =>
      (operation) => {
        const { studyInstanceUid, seriesInstanceUid, sopInstanceUid } = ct.instance(
          operation % ct.instanceCount,
        );
        return {
          path:
            `/studies/${studyInstanceUid}/series/${seriesInstanceUid}/instances/${sopInstanceUid}/rendered` +
            `?window=${windowCenter(operation)},2000,linear`,
          accept: 'image/jpeg',
          bodyBytesMin: PICTURE_BYTES_MIN,
          examine: ({ body }) =>
            body.subarray(0, JPEG_START.length).equals(JPEG_START)
              ? undefined
              : 'the answer is no JPEG',
        };
      },
  });
}
