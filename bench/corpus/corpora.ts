import { Corpus } from './corpus.js';
import type { Scale } from '../run-scale.js';

const SEED = 20261;
const CT_IMAGE = { rows: 512, columns: 512, frameCount: 1 };
const TINY_IMAGE = { rows: 64, columns: 52, frameCount: 1 };
const SERIES_PER_CT_STUDY = 2;
const INSTANCES_PER_TINY_STUDY = 10;
/** Two hundred frames, taken in turn, are more than a cache of decoded ones holds. */
const COMPRESSED_MULTI_FRAME_INSTANCES = 2;
const SMALLEST_IMAGE = { rows: 8, columns: 8, frameCount: 1 };
const SMALL_TILE = { rows: 16, columns: 16 };
const JPEG_LS_LOSSLESS = '1.2.840.10008.1.2.4.80';
const FIRST_INGEST_CORPUS_NUMBER = 1000;

/** The corpora that the reading transactions look at; they are loaded once into each peer. */
export interface ReadCorpora {
  /** CT studies of two series, 512 × 512 × 16 bit. */
  readonly ct: Corpus;
  /** Many studies of ten instances of about 10 KiB, four modalities. */
  readonly tiny: Corpus;
  /** One instance of many raw 512 × 512 × 16 bit frames. */
  readonly multiFrame: Corpus;
  /** CT series whose frames are compressed, one for each syntax. */
  readonly jpegLsCt: Corpus;
  readonly rleCt: Corpus;
  readonly jpeg2000Ct: Corpus;
  readonly htj2kCt: Corpus;
  /** Two instances of many frames, compressed. */
  readonly jpegLsMultiFrame: Corpus;
  readonly jpeg2000MultiFrame: Corpus;
  /** As many studies of one image as the scale says: for searches, with next to no pixels. */
  readonly generated: Corpus;
  /** One series of very many images, and one instance of very many small compressed frames. */
  readonly longSeries: Corpus;
  readonly manyFrames: Corpus;
}

/** Name of one corpus of {@link ReadCorpora}. */
export type ReadCorpusName = keyof ReadCorpora;

/** The reading corpora of a scale. Their study dates lie in different decades, so that one never answers for another. */
export function makeReadCorpora(scale: Scale): ReadCorpora {
  return {
    ct: new Corpus(
      { corpusNumber: 1, seed: SEED, modalities: ['CT'], firstYear: 1990, familyPrefix: 'Ct' },
      {
        studyCount: scale.ctStudyCount,
        seriesPerStudy: SERIES_PER_CT_STUDY,
        instancesPerSeries: scale.ctSeriesInstanceCount,
        image: CT_IMAGE,
      },
    ),
    tiny: new Corpus(
      {
        corpusNumber: 2,
        seed: SEED,
        modalities: ['CT', 'MR', 'CR', 'PT'],
        firstYear: 2010,
        familyPrefix: 'Tn',
      },
      {
        studyCount: scale.tinyStudyCount,
        seriesPerStudy: 1,
        instancesPerSeries: INSTANCES_PER_TINY_STUDY,
        image: TINY_IMAGE,
      },
    ),
    multiFrame: new Corpus(
      { corpusNumber: 3, seed: SEED, modalities: ['CT'], firstYear: 1990, familyPrefix: 'Mf' },
      {
        studyCount: 1,
        seriesPerStudy: 1,
        instancesPerSeries: 1,
        image: { ...CT_IMAGE, frameCount: scale.multiFrameCount },
      },
    ),
    generated: new Corpus(
      {
        corpusNumber: 4,
        seed: SEED,
        modalities: ['CT', 'MR', 'CR', 'PT'],
        firstYear: 2020,
        familyPrefix: 'Gn',
      },
      {
        studyCount: scale.generatedStudyCount,
        seriesPerStudy: 1,
        instancesPerSeries: 1,
        image: SMALLEST_IMAGE,
      },
    ),
    longSeries: new Corpus(
      { corpusNumber: 30, seed: SEED, modalities: ['CT'], firstYear: 1990, familyPrefix: 'Ls' },
      {
        studyCount: 1,
        seriesPerStudy: 1,
        instancesPerSeries: scale.longSeriesInstanceCount,
        image: SMALLEST_IMAGE,
      },
    ),
    manyFrames: new Corpus(
      { corpusNumber: 31, seed: SEED, modalities: ['CT'], firstYear: 1990, familyPrefix: 'Fr' },
      {
        studyCount: 1,
        seriesPerStudy: 1,
        instancesPerSeries: 1,
        image: {
          ...SMALL_TILE,
          frameCount: scale.manyFramesCount,
          transferSyntaxUid: JPEG_LS_LOSSLESS,
        },
      },
    ),
    ...makeCompressedCorpora(scale),
  };
}

type CompressedCorpusName = Exclude<
  ReadCorpusName,
  'ct' | 'tiny' | 'multiFrame' | 'generated' | 'longSeries' | 'manyFrames'
>;

function makeCompressedCorpora(scale: Scale): Pick<ReadCorpora, CompressedCorpusName> {
  const make = (corpusNumber: number, syntax: string, isMultiFrame: boolean): Corpus =>
    new Corpus(
      { corpusNumber, seed: SEED, modalities: ['CT'], firstYear: 1990, familyPrefix: 'Cp' },
      {
        studyCount: 1,
        seriesPerStudy: 1,
        instancesPerSeries: isMultiFrame
          ? COMPRESSED_MULTI_FRAME_INSTANCES
          : scale.compressedInstanceCount,
        image: {
          ...CT_IMAGE,
          frameCount: isMultiFrame ? scale.multiFrameCount : 1,
          transferSyntaxUid: `1.2.840.10008.1.2.${syntax}`,
        },
      },
    );
  return {
    jpegLsCt: make(5, '4.80', false),
    rleCt: make(6, '5', false),
    jpeg2000Ct: make(7, '4.90', false),
    htj2kCt: make(8, '4.201', false),
    jpegLsMultiFrame: make(9, '4.80', true),
    jpeg2000MultiFrame: make(10, '4.90', true),
  };
}

/**
 * Fresh instances for one ingest cell: studies of 100. Equal numbers give equal bytes, so that each peer is sent the same.
 *
 * @param ingestNumber must differ between any two cells of a run, or the server sees duplicates
 */
export function makeIngestCorpus(
  kind: 'ct' | 'tiny',
  ingestNumber: number,
  instanceCount: number,
): Corpus {
  return new Corpus(
    {
      corpusNumber: FIRST_INGEST_CORPUS_NUMBER + ingestNumber,
      seed: SEED,
      modalities: ['CT'],
      firstYear: 1970,
      familyPrefix: 'In',
    },
    {
      studyCount: Math.ceil(instanceCount / 100),
      seriesPerStudy: 2,
      instancesPerSeries: 50,
      image: kind === 'ct' ? CT_IMAGE : TINY_IMAGE,
    },
  );
}
