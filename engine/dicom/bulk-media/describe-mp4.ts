import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';
import { boxesOf, findBox, type IsoBox } from './iso-boxes.js';
import { lossyAttributes, pixelAttributes, type MediaDescription } from './media-description.js';
import { malformedMedia, readMedia, type MediaSource } from './media-source.js';

interface Track {
  readonly codec: string;
  readonly rows: number;
  readonly columns: number;
  readonly frameCount: number;
  readonly durationMs: number;
  /** Content of `avcC` or `hvcC`: profile and level. */
  readonly configuration: Buffer | undefined;
}

const sampleEntryBytes = 86;
const avcLevel42 = 42;
const hevcMain10 = 2;

/**
 * Describes the first video track of an MP4 file (ISO 14496-12): H.264 or HEVC, which pixel data has in its container (PS3.5
 * §8.2.7, §8.2.10). Throws `malformed`.
 */
export async function describeMp4(source: MediaSource): Promise<MediaDescription> {
  const boxes = await boxesOf(source, 0, source.length);
  const movie = boxes.find(({ type }) => type === 'moov');
  if (movie === undefined) throw malformedMedia('is no MP4 file');
  const tracks = await boxesOf(source, movie.position, movie.position + movie.length);
  for (const each of tracks.filter(({ type }) => type === 'trak')) {
    const track = await readTrack(source, each);
    if (track !== undefined) return describe(track, source.length);
  }
  throw malformedMedia('has no video track');
}

function describe(track: Track, length: number): MediaDescription {
  const { rows, columns, frameCount, durationMs, configuration } = track;
  const isHevc = track.codec === 'hvc1' || track.codec === 'hev1';
  if (!isHevc && track.codec !== 'avc1' && track.codec !== 'avc3') {
    throw malformedMedia('has a video codec that is not taken');
  }
  const isMain10 = isHevc && ((configuration?.[1] ?? 0) & 0x1f) === hevcMain10;
  const isLevel42 = !isHevc && configuration?.[3] === avcLevel42;
  const suffix = isHevc ? (isMain10 ? '108' : '107') : isLevel42 ? '104' : '102';
  const pixel = pixelAttributes({
    rows,
    columns,
    samplesPerPixel: 3,
    photometricInterpretation: 'YBR_PARTIAL_420',
    bitsStored: isMain10 ? 10 : 8,
    isSigned: false,
  });
  return {
    transferSyntaxUid: `1.2.840.10008.1.2.4.${suffix}`,
    pixel: { ...pixel, '00280008': { vr: 'IS', Value: [frameCount] } },
    defaults: {
      ...timing(frameCount, durationMs),
      ...lossyAttributes(isHevc ? 'ISO_23008_2' : 'ISO_14496_10'),
    },
    position: 0,
    length,
  };
}

/** Cine Rate and Frame Time, PS3.3 §C.7.6.5. */
function timing(frameCount: number, durationMs: number): JsonDataSet {
  if (durationMs <= 0) return {};
  const frameTimeMs = durationMs / frameCount;
  return {
    '00180040': { vr: 'IS', Value: [Math.max(1, Math.round(1000 / frameTimeMs))] },
    '00181063': { vr: 'DS', Value: [Number(frameTimeMs.toFixed(3))] },
    '00280009': { vr: 'AT', Value: ['00181063'] },
  };
}

/** Undefined when the track is no video. */
async function readTrack(source: MediaSource, track: IsoBox): Promise<Track | undefined> {
  const boxes = await boxesOf(source, track.position, track.position + track.length);
  const need = async (...path: string[]): Promise<IsoBox> => {
    const box = await findBox(source, boxes, path);
    if (box === undefined) throw malformedMedia(`has a track without ${path.join('/')}`);
    return box;
  };
  const handler = await need('mdia', 'hdlr');
  const kind = await readMedia(source, handler.position + 8, 4);
  if (kind.toString('latin1') !== 'vide') return undefined;
  const descriptions = await need('mdia', 'minf', 'stbl', 'stsd');
  const sizes = await need('mdia', 'minf', 'stbl', 'stsz');
  const entry = await readMedia(source, descriptions.position + 8, sampleEntryBytes);
  const frameCount = (await readMedia(source, sizes.position, 12)).readUInt32BE(8);
  if (frameCount === 0) throw malformedMedia('has no video frame');
  return {
    codec: entry.toString('latin1', 4, 8),
    columns: entry.readUInt16BE(32),
    rows: entry.readUInt16BE(34),
    frameCount,
    durationMs: await durationOf(source, await need('mdia', 'mdhd')),
    configuration: await configurationOf(source, descriptions, entry.readUInt32BE(0)),
  };
}

async function durationOf(source: MediaSource, header: IsoBox): Promise<number> {
  const isLarge = (await readMedia(source, header.position, 1))[0] === 1;
  const bytes = await readMedia(source, header.position, isLarge ? 32 : 20);
  const timescale = bytes.readUInt32BE(isLarge ? 20 : 12);
  const duration = isLarge ? Number(bytes.readBigUInt64BE(24)) : bytes.readUInt32BE(16);
  return timescale === 0 ? 0 : (duration * 1000) / timescale;
}

async function configurationOf(
  source: MediaSource,
  { position }: IsoBox,
  entryLength: number,
): Promise<Buffer | undefined> {
  const start = position + 8;
  const inner = await boxesOf(source, start + sampleEntryBytes, start + entryLength);
  const box = inner.find(({ type }) => type === 'avcC' || type === 'hvcC');
  return box === undefined || box.length < 4 ? undefined : readMedia(source, box.position, 4);
}
