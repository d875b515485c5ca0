/** How much work a run does: sizes of the corpora and bounds of each cell. */
export interface Scale {
  readonly name: ScaleName;
  readonly tinyStudyCount: number;
  readonly ctStudyCount: number;
  readonly ctSeriesInstanceCount: number;
  readonly multiFrameCount: number;
  /** Instances of each compressed series: read in turn, more than a cache of decoded frames holds. */
  readonly compressedInstanceCount: number;
  /** Studies of one small instance each that the cases of `large` search. */
  readonly generatedStudyCount: number;
  /** Instances of the one series, and frames of the one instance, that `extremes` reads. */
  readonly longSeriesInstanceCount: number;
  readonly manyFramesCount: number;
  /** Frames of the one response that a client of `extremes` reads slowly: 2,048 are 1 GiB. */
  readonly slowReadFrameCount: number;
  /** Size of the instance that `extremes` sends while others read. */
  readonly largeUploadMib: number;
  /** Instances sent in each 512 KiB ingest cell; the 10 KiB cells send five times as many. */
  readonly ingestInstanceCount: number;
  /** A reading cell ends after this many operations … */
  readonly readOperationsMax: number;
  /** … or, like an ingest cell, after this time, whichever is first. */
  readonly cellDurationMaxMs: number;
  readonly warmUpOperations: number;
}

/** Names accepted by `--scale`. */
export type ScaleName = 'tiny' | 'small' | 'full';

/** `tiny` is a test of the bench, `small` a quick look, `full` what is published. */
export const scales: Readonly<Record<ScaleName, Scale>> = {
  tiny: {
    name: 'tiny',
    tinyStudyCount: 30,
    ctStudyCount: 1,
    ctSeriesInstanceCount: 5,
    multiFrameCount: 8,
    compressedInstanceCount: 4,
    generatedStudyCount: 200,
    longSeriesInstanceCount: 300,
    manyFramesCount: 5000,
    slowReadFrameCount: 16,
    largeUploadMib: 16,
    ingestInstanceCount: 40,
    readOperationsMax: 30,
    cellDurationMaxMs: 1000,
    warmUpOperations: 2,
  },
  small: {
    name: 'small',
    tinyStudyCount: 300,
    ctStudyCount: 1,
    ctSeriesInstanceCount: 50,
    multiFrameCount: 100,
    compressedInstanceCount: 200,
    generatedStudyCount: 20_000,
    longSeriesInstanceCount: 1000,
    manyFramesCount: 200_000,
    slowReadFrameCount: 2048,
    largeUploadMib: 512,
    ingestInstanceCount: 400,
    readOperationsMax: 5000,
    cellDurationMaxMs: 3000,
    warmUpOperations: 20,
  },
  full: {
    name: 'full',
    tinyStudyCount: 2000,
    ctStudyCount: 4,
    ctSeriesInstanceCount: 50,
    multiFrameCount: 100,
    compressedInstanceCount: 200,
    generatedStudyCount: 1_000_000,
    longSeriesInstanceCount: 50_000,
    manyFramesCount: 200_000,
    slowReadFrameCount: 2048,
    largeUploadMib: 2048,
    ingestInstanceCount: 2000,
    readOperationsMax: 50_000,
    cellDurationMaxMs: 8000,
    warmUpOperations: 100,
  },
};
