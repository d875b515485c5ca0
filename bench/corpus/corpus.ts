import { type ImageShape, InstanceTemplate, type SlotValues } from './instance-template.js';
import { compressFrames, encapsulate } from './compressed-pixels.js';
import { noisyFrame, stampedFrames } from './pixel-pattern.js';
import {
  type CorpusModality,
  type CorpusPlan,
  instanceUid,
  type PlannedStudy,
  planStudy,
  seriesUid,
} from './study-plan.js';

/** One generated instance. Its Part 10 file is `header` followed by `pixelData`; the pixel bytes are shared between instances. */
export interface CorpusInstance {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly studyInstanceUid: string;
  /** Preamble, file meta information and data set up to the header of Pixel Data. */
  readonly header: Buffer;
  /** Where the data set begins in `header`. */
  readonly dataSetOffset: number;
  readonly pixelData: Buffer;
}

/** How many studies, series and instances a corpus has and what its images look like. */
export interface CorpusShape {
  readonly studyCount: number;
  readonly seriesPerStudy: number;
  readonly instancesPerSeries: number;
  readonly image: ImageShape;
}

const PIXEL_VARIANTS = 4;
const COMPRESSED_NOISE_BITS = 5;
const KEPT_STUDIES_MAX = 10_000;
const SLICE_THICKNESS_MM = 5;
/** Positions have four digits: a series that is longer has images in the same place. */
const SLICE_POSITIONS = 1900;

/** A set of instances that exists only as a rule: any of them can be made at any time, equal bytes for equal plans. */
export class Corpus {
  readonly plan: CorpusPlan;
  readonly shape: CorpusShape;
  readonly #templates = new Map<CorpusModality, InstanceTemplate>();
  /** Pixel data as it is sent. */
  #pixelVariants: readonly Buffer[];
  /** Native frames of a compressed corpus. */
  #patterns: readonly Buffer[] = [];
  readonly #studies = new Map<number, PlannedStudy>();

  constructor(plan: CorpusPlan, shape: CorpusShape) {
    this.plan = plan;
    this.shape = shape;
    const { rows, columns, frameCount, transferSyntaxUid } = shape.image;
    if (transferSyntaxUid !== undefined) this.#pixelVariants = [];
    else if (frameCount > 1) this.#pixelVariants = [stampedFrames(frameCount, rows, columns)];
    else this.#pixelVariants = noisyFrames(rows, columns);
  }

  /** Compresses what is sent compressed; other corpora need no preparation. */
  async prepare(): Promise<void> {
    const { rows, columns, transferSyntaxUid, frameCount } = this.shape.image;
    if (transferSyntaxUid === undefined || this.#pixelVariants.length > 0) return;
    this.#patterns = noisyFrames(rows, columns, COMPRESSED_NOISE_BITS);
    const codestreams = await compressFrames(this.#patterns, this.shape.image, transferSyntaxUid);
    this.#pixelVariants =
      frameCount > 1
        ? [encapsulate(Array.from({ length: frameCount }, (_, n) => cycled(codestreams, n)))]
        : codestreams.map((codestream) => encapsulate([codestream]));
  }

  /** A native frame of an instance of a compressed corpus; `frameIndex` counts from 0. */
  nativeFrame(instanceIndex: number, frameIndex: number): Buffer {
    const index = this.shape.image.frameCount > 1 ? frameIndex : instanceIndex;
    return cycled(this.#patterns, index);
  }

  /** Number of instances in the corpus. */
  get instanceCount(): number {
    return this.shape.studyCount * this.shape.seriesPerStudy * this.shape.instancesPerSeries;
  }

  /** Those of its instances, each once. */
  get sopClassUids(): readonly string[] {
    const { modalities } = this.plan;
    return [...new Set(modalities.map((modality) => this.#template(modality).sopClassUid))];
  }

  /** Bytes of one frame of any image of the corpus. */
  get frameBytes(): number {
    return this.shape.image.rows * this.shape.image.columns * 2;
  }

  /** The instance at `index`, counted through the studies, their series and their instances. */
  instance(index: number): CorpusInstance {
    const { seriesPerStudy, instancesPerSeries } = this.shape;
    const seriesIndex = Math.floor(index / instancesPerSeries);
    const studyIndex = Math.floor(seriesIndex / seriesPerStudy);
    const seriesNumber = (seriesIndex % seriesPerStudy) + 1;
    const instanceNumber = (index % instancesPerSeries) + 1;
    const study = this.#study(studyIndex);
    const depthMm = 150 + (instanceNumber % SLICE_POSITIONS) * SLICE_THICKNESS_MM;
    const position = `-${String(depthMm).padStart(4, '0')}.00`;
    const values: SlotValues = {
      ...study,
      sopInstanceUid: instanceUid(this.plan, studyIndex, seriesNumber, instanceNumber),
      seriesInstanceUid: seriesUid(this.plan, studyIndex, seriesNumber),
      studyId: String(studyIndex + 1).padStart(8, '0'),
      seriesNumber: String(seriesNumber).padStart(4, '0'),
      instanceNumber: String(instanceNumber).padStart(6, '0'),
      imagePosition: `-180.000\\-180.000\\${position}`,
      sliceLocation: position,
    };
    const template = this.#template(study.modality);
    return {
      sopClassUid: template.sopClassUid,
      sopInstanceUid: values.sopInstanceUid,
      seriesInstanceUid: values.seriesInstanceUid,
      studyInstanceUid: study.studyInstanceUid,
      header: template.fill(values),
      dataSetOffset: template.dataSetOffset,
      pixelData: this.#pixelVariants[index % this.#pixelVariants.length] as Buffer,
    };
  }

  #study(index: number): PlannedStudy {
    let study = this.#studies.get(index);
    if (study === undefined) {
      study = planStudy(this.plan, index);
      if (this.#studies.size === KEPT_STUDIES_MAX) this.#studies.clear();
      this.#studies.set(index, study);
    }
    return study;
  }

  #template(modality: CorpusModality): InstanceTemplate {
    let template = this.#templates.get(modality);
    if (template === undefined) {
      template = new InstanceTemplate(modality, this.shape.image);
      this.#templates.set(modality, template);
    }
    return template;
  }
}

function noisyFrames(rows: number, columns: number, noiseBits?: number): Buffer[] {
  return Array.from({ length: PIXEL_VARIANTS }, (_, variant) =>
    noisyFrame(rows, columns, variant, noiseBits),
  );
}

function cycled<T>(values: readonly T[], index: number): T {
  return values[index % values.length] as T;
}
